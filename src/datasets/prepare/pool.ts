/** Processes that decode clips. They may crash or hang: the clip they had is then reported, and the others go on. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Pair } from '../types.js';
import { type LeftOut, PrepareError, type PrepareSettings, type Sample } from './settings.js';

/** A pair, and the folder its files are named from. */
export interface Clip {
  pair: Pair;
  root: string;
}

export interface PrepareRequest {
  clip: Clip;
  settings: PrepareSettings;
}

/** `fatal`: no clip like this can be decoded here. */
export type PrepareReply = Sample | LeftOut | { fatal: string };

// Under a test runner this file runs from src, where a process could not load TypeScript: the built one takes its place.
const workerFile = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../../dist/datasets/prepare/worker.js' : './worker.js', import.meta.url),
);

/** So many processes may be killed in a row before one says that it is ready: then memory is short, or worse. */
const failedStarts = 10;

/** A crash may be the machine's fault (memory); a clip that brings a second process down is at fault itself. */
const attempts = 2;

interface Task {
  clip: Clip;
  attempt: number;
  resolve(result: Sample | LeftOut): void;
  reject(error: Error): void;
}

class Decoder {
  readonly process: ChildProcess = fork(workerFile, {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  isReady = false;
  task: Task | undefined;
  timer: NodeJS.Timeout | undefined;
  isLate = false;
  /** The end of what it wrote to its error output. */
  lastWords = '';
}

export class ProcessPool {
  readonly #jobs: number;
  readonly #settings: PrepareSettings;
  readonly #patience: (clip: Clip) => number;
  readonly #queue: Task[] = [];
  readonly #decoders = new Set<Decoder>();
  #closed: Error | undefined;
  #failedStarts = 0;

  /** At most `jobs` processes; `patience` gives the milliseconds that a clip may take. */
  constructor(options: { jobs: number; settings: PrepareSettings; patience: (clip: Clip) => number }) {
    this.#jobs = options.jobs;
    this.#settings = options.settings;
    this.#patience = options.patience;
  }

  /** Decodes a clip as soon as a process is free. Rejects with PrepareError when nothing can be decoded, and after `close`. */
  prepare(clip: Clip): Promise<Sample | LeftOut> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      this.#queue.push({ clip, attempt: 1, resolve, reject });
      this.#assign();
    });
  }

  /** Ends the processes; whatever was waiting rejects with `reason`. */
  close(reason: Error): void {
    this.#closed ??= reason;
    for (const task of this.#queue.splice(0)) task.reject(this.#closed);
    for (const decoder of this.#decoders) {
      clearTimeout(decoder.timer);
      decoder.task?.reject(this.#closed);
      decoder.process.kill('SIGKILL');
    }
  }

  #assign(): void {
    for (const decoder of this.#decoders) {
      if (!decoder.isReady || decoder.task) continue;
      const task = this.#queue.shift();
      if (!task) return;
      decoder.task = task;
      decoder.timer = setTimeout(() => {
        decoder.isLate = true;
        decoder.process.kill('SIGKILL');
      }, this.#patience(task.clip));
      const request: PrepareRequest = { clip: task.clip, settings: this.#settings };
      // When it cannot be sent the process has ended, and its exit is reported.
      decoder.process.send(request, () => {});
    }
    const starting = [...this.#decoders].filter(({ isReady }) => !isReady).length;
    for (let i = starting; i < this.#queue.length && this.#decoders.size < this.#jobs; i++) this.#start();
  }

  #start(): void {
    const decoder = new Decoder();
    this.#decoders.add(decoder);
    decoder.process.stderr!.on('data', (bytes: Buffer) => {
      decoder.lastWords = (decoder.lastWords + bytes.toString()).slice(-2000);
    });
    decoder.process.on('message', (reply: 'ready' | PrepareReply) => {
      if (reply === 'ready') {
        decoder.isReady = true;
        this.#failedStarts = 0;
      } else this.#settle(decoder, reply);
      this.#assign();
    });
    decoder.process.on('error', (error) =>
      this.close(new PrepareError(`a decoding process could not be started: ${error.message}`)),
    );
    decoder.process.on('close', (code, signal) => {
      this.#decoders.delete(decoder);
      if (this.#closed) return;
      const end = signal ?? `exit code ${code}`;
      if (!decoder.isReady && (code !== null || ++this.#failedStarts === failedStarts))
        return this.close(new PrepareError(`a decoding process did not start (${end}): ${decoder.lastWords.trim()}`));
      if (decoder.isLate)
        this.#settle(decoder, { problem: 'tookTooLong', reason: 'decoding did not end in time and was stopped' });
      else if (decoder.task?.attempt === attempts)
        this.#settle(decoder, { problem: 'crashed', reason: `the decoding process ended twice at this clip (${end})` });
      else if (decoder.task) {
        clearTimeout(decoder.timer);
        this.#queue.unshift({ ...decoder.task, attempt: decoder.task.attempt + 1 });
      }
      this.#assign();
    });
  }

  #settle(decoder: Decoder, reply: PrepareReply): void {
    const task = decoder.task;
    decoder.task = undefined;
    clearTimeout(decoder.timer);
    if ('fatal' in reply) this.close(new PrepareError(reply.fatal));
    else task?.resolve(reply);
    if (this.#closed) task?.reject(this.#closed);
  }
}
