/** How the program ends. */
import { constants } from 'node:os';
import { setImmediate } from 'node:timers/promises';

export const exitCode = { failure: 1, usage: 2 } as const;

/** Options that make no sense, found after they were parsed. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Why `listenForInterrupts`'s signal is aborted. */
export class Interrupted extends Error {
  override name = 'Interrupted';

  /** 128 and the signal's number, as shells have it: 130 after Ctrl-C. */
  constructor(readonly exitCode: number) {
    super('interrupted');
  }
}

/**
 * Between two long pieces of work, in which Ctrl-C is not heard: lets it be heard (at the latest at the next such place), and throws the
 * signal's reason.
 */
export async function stopIf(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}

/** Aborted at the first Ctrl-C, SIGTERM or loss of the terminal, so that work ends in good order; a second one ends the process. */
export function listenForInterrupts(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(name, () => controller.abort(new Interrupted(128 + constants.signals[name])));
  return controller.signal;
}
