/** A child process that reads files, and the parent that watches it: whatever happens in there, every file gets an answer. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MediaProblem } from '../../../src/media/types.js';

export type Kind = 'picture' | 'sound' | 'video';

export interface Task {
  path: string;
  /** Which reader gets it; or none, and the process crashes. */
  kind: Kind | 'crash';
}

export interface PictureFacts {
  width: number;
  height: number;
  bytes: number;
  hash: string;
}

export interface SoundFacts {
  sampleRate: number;
  samples: number;
  finite: boolean;
  hash: string;
}

export interface VideoFacts {
  width: number;
  height: number;
  duration: number;
  frameRate: number;
  hasSound: boolean;
  /** The frame half-way. */
  middle: Outcome<PictureFacts>;
  /** Frames from the first one on, and how that ended. */
  frames: { shown: (PictureFacts & { time: number })[]; end: Outcome<'all' | 'more'> };
  sound: Outcome<SoundFacts>;
}

/** A value, a MediaError, or an error that nobody promised. */
export type Outcome<T> = { value: T } | { problem: MediaProblem; reason: string } | { thrown: string };

export type Facts = PictureFacts | SoundFacts | VideoFacts;

export interface Answer {
  outcome: Outcome<Facts>;
  /** Processor time. */
  seconds: number;
  /** The most memory the process has held so far. */
  megabytes: number;
}

/** How a process ended that gave no answer. */
export interface Death {
  death: string;
}

/**
 * Seconds after which a process that has not answered is ended. A file may take 5 seconds of processor time, which its answer tells;
 * on a busy machine that is some more by the clock.
 */
const patience = 30;

/** Reads one file at a time, in a process that is replaced after each death. */
export class Watched {
  #child: ChildProcess | undefined;

  async read(task: Task): Promise<Answer | Death> {
    const child = await this.#ready();
    const settled = new AbortController();
    const { signal } = settled;
    const ending = (code: number | null, by: string | null) => ({ death: `crashed (${by ?? `exit code ${code}`})` });
    // When it cannot be sent the process has ended, and its exit is reported.
    child.send(task, () => {});
    const answer = await (child.exitCode === null && child.signalCode === null
      ? Promise.race<Answer | Death>([
          once(child, 'message', { signal }).then(([message]) => message),
          once(child, 'exit', { signal }).then(([code, by]) => ending(code, by)),
          sleep(patience * 1000, { death: `no answer within ${patience} s` }, { signal }),
        ])
      : ending(child.exitCode, child.signalCode));
    settled.abort();
    if ('death' in answer) this.close();
    return answer;
  }

  async #ready(): Promise<ChildProcess> {
    if (this.#child) return this.#child;
    const file = fileURLToPath(new URL('child.mjs', import.meta.url));
    this.#child = fork(file, { execArgv: [], serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await once(this.#child, 'message');
    return this.#child;
  }

  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}
