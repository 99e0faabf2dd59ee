/** A child process that reads files, and the parent that watches it: whatever happens in there, every file gets an answer. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { MediaProblem } from '../../../src/media/types.js';

export type Kind = 'picture' | 'sound' | 'video';

export interface Task {
  path: string;
  /** Which reader gets it. */
  kind: Kind;
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
    let timer: NodeJS.Timeout | undefined;
    const answer = await new Promise<Answer | Death>((resolve) => {
      child.once('message', (message: Answer) => resolve(message));
      child.once('exit', (code, signal) => resolve({ death: `crashed (${signal ?? `exit code ${code}`})` }));
      timer = setTimeout(() => resolve({ death: `no answer within ${patience} s` }), patience * 1000);
      child.send(task);
    });
    clearTimeout(timer);
    child.removeAllListeners();
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
