/** `earshot prepare`: videos or pairs become WebDataset shards, in parallel, again and again from where a run was ended. */
import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from '../../lock.js';
import { makeFolder } from '../../makeFolder.js';
import { tarMember } from '../tar.js';
import { fingerprint, type Input, readInputs, sampleKey } from './clips.js';
import { createJournal, isSample, type JournalEntry, type JournalHeader, JournalWriter, readJournal } from './journal.js';
import { type Clip, ProcessPool } from './pool.js';
import { type PrepareReport, prepareReport } from './report.js';
import { type LeftOut, PrepareError, type PrepareSettings, type Sample } from './settings.js';
import { countIntact, isShardFile, ShardWriter } from './shardWriter.js';

const names = { journal: 'prepare.journal', lock: 'prepare.lock', report: 'report.json' } as const;
const isMade = (name: string) => isShardFile(name) || name === names.report || name === `${names.report}.partial`;

export interface PrepareOptions {
  /** Decoding processes. */
  jobs: number;
  /** Deletes what an earlier run made in the folder. */
  restart?: boolean;
  /** Ends the run after the sample that is being written. */
  signal?: AbortSignal;
  /** After the folder was looked at, and after each clip: how many are done, of how many. */
  onProgress?(done: number, clips: number, leftOut: number): void;
  /** Something worth a line. */
  onNotice?(line: string): void;
}

/**
 * Makes the shards of `inputs` (whatever `readPairs` reads) in the folder `out`: `shard-000000.tar` and so on, samples in the order of
 * the input, and `report.json`. Clips that are no good are left out and reported. The bytes depend on the input and the settings only.
 *
 * A journal in the folder keeps what is done, so that the same call goes on after any end, SIGKILL included. Resolves at once when
 * nothing is left to do (`wasDone`). Throws DatasetError when an input cannot be read, and PrepareError: the folder holds other files,
 * or a run with other input or settings; another process works in it; it cannot be written to; the run was interrupted. Error for a folder that cannot be made.
 */
export async function prepare(
  inputs: readonly string[],
  out: string,
  settings: PrepareSettings,
  options: PrepareOptions,
): Promise<{ report: PrepareReport; wasDone: boolean }> {
  const input = await readInputs(inputs);
  return explainingWrites(out, async () => {
    await makeFolder(out);
    checkFolder(out);
    const unlock = takeLock(join(out, names.lock), 'prepare');
    try {
      if (options.restart) deleteAll(out);
      return await fill(input, out, settings, options);
    } finally {
      unlock();
    }
  });
}

/** Nothing is written among other people's files, shards that no journal tells of among them. */
function checkFolder(out: string): void {
  const files = readdirSync(out);
  if (files.includes(names.journal)) return;
  const other = files.find((name) => ![names.journal, names.lock].some((ours) => name.startsWith(ours)));
  if (other !== undefined)
    throw new PrepareError(
      `${out}: expected an empty folder or one of an earlier prepare, found ${other} in it; choose another folder`,
    );
}

/** Deletes what was made, last of all the journal, without which it would be taken for somebody else's. */
function deleteAll(out: string): void {
  for (const name of readdirSync(out)) if (isMade(name)) rmSync(join(out, name));
  rmSync(join(out, names.journal), { force: true });
}

async function fill(input: Input, out: string, settings: PrepareSettings, options: PrepareOptions) {
  const { clips, unusable } = input;
  const path = join(out, names.journal);
  const header: JournalHeader = { format: 1, clips: clips.length, list: fingerprint(clips), settings };
  if (!existsSync(path)) createJournal(path, header);
  const found = readJournal(path);
  checkHeader(out, found.header, header);
  const entries = intactEntries(out, found.entries, settings, options);
  const report = join(out, names.report);
  if (entries.length === clips.length && existsSync(report) && !readdirSync(out).some((name) => name.endsWith('.tar.partial')))
    return { report: prepareReport(settings, unusable, entries), wasDone: true };

  const journal = new JournalWriter(path, found.offsets[entries.length]!);
  const shards = new ShardWriter(out, entries.filter(isSample), settings.shardSize);
  try {
    await work(clips, entries, journal, shards, settings, options);
    journal.sync();
    shards.finish();
  } finally {
    shards.close();
    journal.close();
  }
  const result = prepareReport(settings, unusable, entries);
  writeFileSync(`${report}.partial`, `${JSON.stringify(result, undefined, 2)}\n`, { flush: true });
  renameSync(`${report}.partial`, report);
  return { report: result, wasDone: false };
}

/** Throws when the folder was begun with something else. */
function checkHeader(out: string, begun: JournalHeader, now: JournalHeader): void {
  const values = ({ clips, settings, list }: JournalHeader): Record<string, unknown> => ({
    clips,
    ...settings,
    'input list': list.slice(0, 8),
  });
  const [before, after] = [values(begun), values(now)];
  const differences = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => before[key] !== after[key])
    .map((key) => `${key} ${before[key] ?? 'unset'} then, ${after[key] ?? 'unset'} now`);
  if (differences.length > 0)
    throw new PrepareError(
      `${out} was begun otherwise (${differences.join('; ')}): use the same input and settings, another folder, or --restart to delete what is in it`,
    );
}

/** The entries up to the first whose sample is not in its shard any more as it was written. */
function intactEntries(
  out: string,
  entries: JournalEntry[],
  { shardSize }: PrepareSettings,
  { onNotice }: PrepareOptions,
): JournalEntry[] {
  const samples = entries.filter(isSample);
  const intact = countIntact(out, samples, shardSize);
  const lost = samples[intact];
  if (!lost) return entries;
  onNotice?.(`shard ${lost.shard} is not as it was written from clip ${lost.id} on: those samples are made again`);
  return entries.slice(0, entries.indexOf(lost));
}

/** Decodes what is left, several clips at a time, and writes them one after the other. */
async function work(
  clips: readonly Clip[],
  entries: JournalEntry[],
  journal: JournalWriter,
  shards: ShardWriter,
  settings: PrepareSettings,
  { jobs, signal, onProgress }: PrepareOptions,
): Promise<void> {
  const pool = new ProcessPool({ jobs, settings, patience: (clip) => patience(clip, settings) });
  const interrupt = () =>
    pool.close(
      new PrepareError(`interrupted after ${entries.length} of ${clips.length} clips; the same command goes on from there`),
    );
  signal?.addEventListener('abort', interrupt);
  if (signal?.aborted) interrupt();
  const firstWith = new Map(entries.filter(isSample).map(({ content, id }) => [content, id]));
  let leftOut = entries.length - firstWith.size;
  const waiting: Promise<Sample | LeftOut>[] = [];
  try {
    onProgress?.(entries.length, clips.length, leftOut);
    while (entries.length < clips.length) {
      // A slow clip holds the others up only when so many are waiting for it: what is decoded takes memory.
      while (waiting.length < 4 * jobs && entries.length + waiting.length < clips.length) {
        const result = pool.prepare(clips[entries.length + waiting.length]!);
        // Those still waiting when an earlier one fails are not asked any more.
        result.catch(() => {});
        waiting.push(result);
      }
      const { pair } = clips[entries.length]!;
      const result = await waiting.shift()!;
      const entry = commit(pair.id, pair.picture.path, result, firstWith, shards);
      journal.append(entry);
      entries.push(entry);
      if (!isSample(entry)) leftOut++;
      else if (shards.isFull) {
        journal.sync();
        shards.finish();
      }
      onProgress?.(entries.length, clips.length, leftOut);
    }
  } finally {
    signal?.removeEventListener('abort', interrupt);
    pool.close(new PrepareError('the run has ended'));
  }
}

/** Writes a sample, unless an earlier one has the same content, and tells what the journal will keep. */
function commit(
  id: string,
  file: string,
  result: Sample | LeftOut,
  firstWith: Map<string, string>,
  shards: ShardWriter,
): JournalEntry {
  if ('problem' in result) return { id, file, ...result };
  const { content, members } = result;
  const first = firstWith.get(content);
  if (first !== undefined) return { id, file, problem: 'duplicate', reason: `the same frames and sound as ${first}` };
  const key = sampleKey(id);
  const place = shards.append(Buffer.concat(members.map((member) => tarMember(`${key}.${member.extension}`, member.content))));
  firstWith.set(content, id);
  return { id, ...place, content };
}

/** Milliseconds a clip may take: a minute, twice its length, and what reading its files takes at 10 MB a second. */
function patience({ pair }: Clip, { seconds }: PrepareSettings): number {
  const bytes = [pair.picture, pair.sound].map(
    ({ path, member }) => member?.length ?? statSync(path, { throwIfNoEntry: false })?.size ?? 0,
  );
  return 60_000 + 2000 * seconds + Math.max(...bytes) / 10_000;
}

/** Says what to do when the folder cannot be written to. */
async function explainingWrites<T>(out: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof PrepareError || code === undefined) throw error;
    const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code);
    const advice = full ? 'make room' : 'see to it that it can be written to';
    throw new PrepareError(`${out}: ${message}; ${advice} and run the same command again: it goes on where it stopped`, {
      cause: error,
    });
  }
}
