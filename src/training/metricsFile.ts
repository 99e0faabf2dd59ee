/** What happened in a run, as lines of JSON. */
import { open, readFile } from 'node:fs/promises';
import { writeWhole } from '../wholeFile.js';

/** `metrics.jsonl`: a line for every step, validation and search. */
export class MetricsFile {
  private constructor(
    private readonly file: Awaited<ReturnType<typeof open>>,
    /** So many there are. */
    public lines: number,
  ) {}

  /** Opens the file with its first `lines` lines: what was written after them will be done again. */
  static async open(path: string, lines: number): Promise<MetricsFile> {
    const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const kept = before.split('\n').slice(0, -1).slice(0, lines);
    const text = kept.map((line) => `${line}\n`).join('');
    if (text !== before) await writeWhole(path, text);
    return new MetricsFile(await open(path, 'a'), kept.length);
  }

  async write(record: object): Promise<void> {
    await this.file.write(`${JSON.stringify(record)}\n`);
    this.lines++;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
