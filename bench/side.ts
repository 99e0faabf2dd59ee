/** One side of a comparison: a process that is told how many steps to run and answers how long each took. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A process's first line, when it is ready. */
export interface Ready {
  /** Of what does the work. */
  version: string;
}

/** Its answer to a line that holds a number of steps. */
export interface Turn {
  /** Milliseconds of every step. */
  ms: number[];
  /** What the steps computed; the benchmark says which numbers. */
  result: number[];
  /** Largest resident set since the process began, in MiB. */
  peakMB: number;
}

/** Waits for its turn without using the processor, so that several can take turns on one machine. */
export class Side {
  readonly label: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exit: Promise<string>;
  #version = '';

  private constructor(label: string, command: string, args: readonly string[]) {
    this.label = label;
    this.#process = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    // Why it cannot be started or written to shows when its answer is awaited.
    this.#exit = once(this.#process, 'exit').then(
      ([code, signal]) => (signal === null ? `exit code ${code}` : `signal ${signal}`),
      (error: Error) => error.message,
    );
    this.#process.stdin!.on('error', () => {});
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  /** Resolves when the process says that it is ready. Throws an Error when it ends instead. */
  static async start(label: string, command: string, args: readonly string[]): Promise<Side> {
    const side = new Side(label, command, args);
    side.#version = (await side.#answer<Ready>()).version;
    return side;
  }

  get version(): string {
    return this.#version;
  }

  async run(steps: number): Promise<Turn> {
    this.#process.stdin!.write(`${steps}\n`);
    return this.#answer<Turn>();
  }

  async end(): Promise<void> {
    this.#process.stdin!.end();
    await this.#exit;
  }

  async #answer<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (!done) return JSON.parse(value) as T;
    throw new Error(`${this.label} ended before it answered (${await this.#exit}); its messages are above`);
  }
}
