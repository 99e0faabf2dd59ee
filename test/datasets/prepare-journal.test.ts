/** The parts that make a run go on after any end: journal, shards, lock. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createJournal,
  type JournalEntry,
  type JournalHeader,
  JournalWriter,
  readJournal,
  type SampleEntry,
} from '../../src/datasets/prepare/journal.js';
import { defaultSettings, PrepareError } from '../../src/datasets/prepare/settings.js';
import { countIntact, ShardWriter } from '../../src/datasets/prepare/shardWriter.js';
import { tarEnd, tarMember } from '../../src/datasets/tar.js';
import { takeLock } from '../../src/lock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prepare-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const header: JournalHeader = { format: 1, clips: 3, list: 'abc', settings: defaultSettings };
const entries: JournalEntry[] = [
  { id: 'ä/1', shard: 0, end: 1024, crc: 7, content: 'c1' },
  { id: '2', file: 'b.mp4', problem: 'silent', reason: 'a "reason"\nof two lines' },
  { id: '3', shard: 0, end: 4096, crc: 8, content: 'c3' },
];

describe('the journal', () => {
  const path = () => join(folder, 'journal');
  const write = () => {
    createJournal(path(), header);
    const writer = new JournalWriter(path(), readJournal(path()).offsets[0]!);
    for (const entry of entries) writer.append(entry);
    writer.close();
  };

  it('gives back what was written', () => {
    write();
    expect(readJournal(path())).toMatchObject({ header, entries });
  });

  it('cut at any byte holds the lines before, and goes on after them', () => {
    write();
    const bytes = readFileSync(path());
    const { offsets } = readJournal(path());
    for (let length = offsets[0]!; length <= bytes.length; length++) {
      writeFileSync(path(), bytes.subarray(0, length));
      const found = readJournal(path());
      expect(found.entries).toEqual(entries.slice(0, offsets.filter((end) => end <= length).length - 1));
      const writer = new JournalWriter(path(), found.offsets.at(-1)!);
      for (const entry of entries.slice(found.entries.length)) writer.append(entry);
      writer.close();
      expect(readFileSync(path())).toEqual(bytes);
    }
  });

  it('ends before a line in which any byte was changed', () => {
    write();
    const bytes = readFileSync(path());
    const { offsets } = readJournal(path());
    for (let i = offsets[1]!; i < offsets[2]!; i++) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1;
      writeFileSync(path(), changed);
      expect(readJournal(path()).entries).toEqual(entries.slice(0, 1));
    }
  });

  it.each(['', 'some text\n', '00000000 {}\n', 'no line'])('is refused when it begins with %j', (text) => {
    writeFileSync(path(), text);
    expect(() => readJournal(path())).toThrow(PrepareError);
  });
});

describe('growing shards', () => {
  const sample = (i: number) => tarMember(`${i}.wav`, new Uint8Array(500 * (i + 1)).fill(i));
  const expected = (first: number, end: number) =>
    Buffer.concat([...Array.from({ length: end - first }, (_, i) => sample(first + i)), tarEnd]);

  /** Appends samples `from` to `to`, after those of `known`, to shards of three; returns all entries. */
  function write(known: SampleEntry[], to: number, finish: boolean): SampleEntry[] {
    const all = [...known];
    const writer = new ShardWriter(folder, known, 3);
    for (let i = known.length; i < to; i++) {
      all.push({ id: `${i}`, content: `${i}`, ...writer.append(sample(i)) });
      if (writer.isFull) writer.finish();
    }
    if (finish) writer.finish();
    writer.close();
    return all;
  }

  const check = () => {
    expect(readdirSync(folder).sort()).toEqual(['shard-000000.tar', 'shard-000001.tar', 'shard-000002.tar']);
    expect(readFileSync(join(folder, 'shard-000000.tar'))).toEqual(expected(0, 3));
    expect(readFileSync(join(folder, 'shard-000001.tar'))).toEqual(expected(3, 6));
    expect(readFileSync(join(folder, 'shard-000002.tar'))).toEqual(expected(6, 7));
  };

  it('are the same however often they were gone on with', () => {
    let known: SampleEntry[] = [];
    for (let to = 1; to <= 7; to++) {
      known = write(known, to, to === 7);
      expect(countIntact(folder, known, 3)).toBe(to);
    }
    check();
  });

  it('drop what was written but not noted', () => {
    const known = write([], 5, false);
    appendFileSync(join(folder, 'shard-000001.tar.partial'), 'half a sample');
    expect(countIntact(folder, known, 3)).toBe(5);
    expect(countIntact(folder, known.slice(0, 4), 3)).toBe(4);
    write(known.slice(0, 4), 7, true);
    check();
  });

  it('are finished when the run was killed before they were', () => {
    const known = write([], 5, false);
    const writer = new ShardWriter(folder, known, 3);
    const all = [...known, { id: '5', content: '5', ...writer.append(sample(5)) }];
    writer.close();
    expect(existsSync(join(folder, 'shard-000001.tar'))).toBe(false);
    write(all, 7, true);
    check();
  });

  it('keep the samples before the first that was changed or cut off', () => {
    const known = write([], 5, false);
    const path = join(folder, 'shard-000001.tar.partial');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    expect(countIntact(folder, known, 3)).toBe(4);
    truncateSync(path, known[3]!.end - 1);
    expect(countIntact(folder, known, 3)).toBe(3);
    rmSync(path);
    expect(countIntact(folder, known, 3)).toBe(3);
    write(known.slice(0, 3), 7, true);
    check();
  });

  it('are gone on with when the journal lost lines of a finished one', () => {
    const known = write([], 7, true);
    expect(countIntact(folder, known.slice(0, 5), 3)).toBe(5);
    // The shards after the loss are made again and replaced.
    write(known.slice(0, 5), 7, true);
    check();
  });

  it('that were finished must have their size', () => {
    const known = write([], 7, true);
    appendFileSync(join(folder, 'shard-000000.tar'), 'x');
    expect(() => countIntact(folder, known, 3)).toThrow(/shard-000000\.tar: expected the \d+ bytes .* found \d+; .*--restart/);
    rmSync(join(folder, 'shard-000000.tar'));
    expect(() => countIntact(folder, known, 3)).toThrow('found no file');
  });
});

describe('the lock', () => {
  const path = () => join(folder, 'lock');

  it('is held by one, and free again afterwards', () => {
    const unlock = takeLock(path(), 'prepare');
    expect(() => takeLock(path(), 'prepare')).toThrow(`another prepare (process ${process.pid}`);
    unlock();
    takeLock(path(), 'prepare')();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('can be given back when it was deleted', () => {
    const unlock = takeLock(path(), 'prepare');
    rmSync(path());
    expect(unlock).not.toThrow();
  });

  it('is never seen without its owner', async () => {
    // Another process looks at the file as often as it can while this one takes the lock and gives it back.
    const look = `
      const { readFileSync, writeFileSync } = require('node:fs');
      const [path, stop] = process.argv.slice(1);
      let seen = 0, empty = 0;
      writeFileSync(stop + '.ready', '');
      for (;;) {
        try { if (readFileSync(path, 'utf8') === '') empty++; else seen++; } catch {}
        try { readFileSync(stop); break; } catch {}
      }
      console.log(JSON.stringify({ seen: seen > 0, empty }));`;
    const stop = join(folder, 'stop');
    const other = spawn(process.execPath, ['-e', look, path(), stop]);
    let output = '';
    other.stdout.on('data', (data) => {
      output += data;
    });
    try {
      while (!existsSync(`${stop}.ready`)) await sleep(5);
      for (let i = 0; i < 3000; i++) takeLock(path(), 'prepare')();
      writeFileSync(stop, '');
      await once(other, 'close');
    } finally {
      other.kill('SIGKILL');
    }
    expect(JSON.parse(output)).toEqual({ seen: true, empty: 0 });
  });

  it('of a process that was killed is taken over', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(other, 'spawn');
    const unlock = takeLock(path(), 'prepare');
    const mine = JSON.parse(readFileSync(path(), 'utf8'));
    unlock();
    writeFileSync(path(), JSON.stringify({ ...mine, pid: other.pid, start: undefined }));
    other.kill('SIGKILL');
    await once(other, 'exit');
    takeLock(path(), 'prepare')();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of an earlier process with the same number is taken over, where the system tells when one began', () => {
    const unlock = takeLock(path(), 'prepare');
    const mine = JSON.parse(readFileSync(path(), 'utf8'));
    unlock();
    writeFileSync(path(), JSON.stringify({ ...mine, start: '1' }));
    takeLock(path(), 'prepare')();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that was left empty is taken over; one of another machine is not', () => {
    writeFileSync(path(), '');
    const unlock = takeLock(path(), 'prepare');
    const mine = JSON.parse(readFileSync(path(), 'utf8'));
    unlock();
    writeFileSync(path(), JSON.stringify({ ...mine, host: 'another.example' }));
    expect(() => takeLock(path(), 'prepare')).toThrow(/on another\.example.*delete/);
  });
});
