/** How far a long command is: a bar on a terminal, a line now and then elsewhere. */
import cliProgress from 'cli-progress';

/** Milliseconds between two lines. */
const interval = 5000;

/** `1:02:03`, or `2:03` below an hour. */
export function clockTime(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `12.3 clips/s, 1:20 left`, from what was done in so many seconds; '' before anything was. */
export function pace(unit: string, done: number, left: number, seconds: number): string {
  if (done <= 0 || seconds <= 0) return '';
  const rate = done / seconds;
  return `${rate.toFixed(rate < 10 ? 2 : 1)} ${unit}/s, ${clockTime(left / rate)} left`;
}

export class Progress {
  readonly #unit: string;
  readonly #stream: NodeJS.WriteStream;
  readonly #bar: cliProgress.SingleBar | undefined;
  /** What the first call said, and when: a run that goes on from the middle is not that fast. */
  #begun: { at: number; done: number } | undefined;
  #lastLine = 0;
  #unwritten: string | undefined;

  /** `unit` is what is counted, in the plural. */
  constructor(unit: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#unit = unit;
    this.#stream = stream;
    if (stream.isTTY)
      this.#bar = new cliProgress.SingleBar(
        { format: `{bar} {value}/{total} ${unit}  {text}`, stream, gracefulExit: false, barsize: 30 },
        cliProgress.Presets.shades_classic,
      );
  }

  /** `note` follows the numbers. */
  update(done: number, total: number, note = ''): void {
    const now = performance.now();
    if (!this.#begun) {
      this.#begun = { at: now, done };
      this.#lastLine = now;
      this.#bar?.start(total, done, { text: note });
    }
    const { at, done: before } = this.#begun;
    const text = [pace(this.#unit, done - before, total - done, (now - at) / 1000), note].filter(Boolean).join(', ');
    this.#bar?.update(done, { text });
    if (this.#bar) return;
    this.#unwritten = `${done}/${total} ${this.#unit}${text && `, ${text}`}\n`;
    if (now - this.#lastLine < interval) return;
    this.#lastLine = now;
    this.#writeLine();
  }

  /** A line of its own above the bar. */
  notice(line: string): void {
    if (this.#begun && this.#bar) this.#stream.write('\r\x1b[K');
    this.#stream.write(`${line}\n`);
  }

  stop(): void {
    this.#bar?.stop();
    this.#writeLine();
  }

  #writeLine(): void {
    if (this.#unwritten) this.#stream.write(this.#unwritten);
    this.#unwritten = undefined;
  }
}
