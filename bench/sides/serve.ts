/** The loop of our own processes in a comparison: see `Side`. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { onnxRuntimeVersion } from '../../src/machine.js';
import type { Ready, Turn } from '../side.js';

/** Largest resident set of this process, in MiB. */
function peakMB(): number {
  // What getrusage reports begins with the parent's resident set, so it is only for systems without /proc.
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  return Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;
}

const say = (message: Ready | Turn) => process.stdout.write(`${JSON.stringify(message)}\n`);

/**
 * Answers every line on the standard input until it ends; `step` resolves to what is put at the end of the turn's result. What `prepare` does
 * before each step is not timed.
 */
export async function serve(step: () => Promise<readonly number[]>, prepare = async () => {}): Promise<void> {
  say({ version: onnxRuntimeVersion() });
  for await (const line of createInterface({ input: process.stdin })) {
    const turn: Turn = { ms: [], result: [], peakMB: 0 };
    for (let i = 0; i < Number(line); i++) {
      await prepare();
      const start = performance.now();
      const result = await step();
      turn.ms.push(performance.now() - start);
      turn.result.push(...result);
    }
    say({ ...turn, peakMB: peakMB() });
  }
}
