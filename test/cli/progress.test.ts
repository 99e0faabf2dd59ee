/** Progress on a terminal and elsewhere. */
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { clockTime, Progress, pace } from '../../src/cli/progress.js';

/** A stream that keeps what is written. */
class Kept extends Writable {
  text = '';
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  // What cli-progress uses of a terminal.
  cursorTo = () => true;
  clearLine = () => true;
  columns = 80;
}

const written = (isTTY: boolean, use: (progress: Progress) => void): string => {
  const stream = new Kept(isTTY);
  use(new Progress('clips', stream as unknown as NodeJS.WriteStream));
  return stream.text;
};

describe('progress', () => {
  it.each([
    [0, '0:00'],
    [5.2, '0:06'],
    [65, '1:05'],
    [3600, '1:00:00'],
    [37230, '10:20:30'],
  ])('%d seconds read %s', (seconds, text) => expect(clockTime(seconds)).toBe(text));

  it('tells the rate and the time left', () => {
    expect(pace('clips', 50, 100, 10)).toBe('5.00 clips/s, 0:20 left');
    expect(pace('steps', 1000, 9000, 50)).toBe('20.0 steps/s, 7:30 left');
    expect(pace('clips', 0, 100, 10)).toBe('');
  });

  it('is a line at the end, and not one a clip, where there is no terminal', () => {
    const text = written(false, (progress) => {
      for (let done = 0; done <= 1000; done++) progress.update(done, 1000, '3 left out');
      progress.stop();
      progress.stop();
    });
    expect(text).toMatch(/^1000\/1000 clips, [\d.]+ clips\/s, 0:00 left, 3 left out\n$/);
  });

  it('is a bar on a terminal, under the lines that are worth one', () => {
    const text = written(true, (progress) => {
      progress.update(500, 1000);
      progress.notice('a line');
      progress.update(1000, 1000, 'all good');
      progress.stop();
    });
    expect(text).toContain('a line\n');
    expect(text).toMatch(/█.*1000\/1000 clips .*all good/s);
  });

  it('says nothing when nothing was begun', () => {
    expect(written(false, (progress) => progress.stop())).toBe('');
  });
});
