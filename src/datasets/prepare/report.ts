/** What a finished run made, and what it left out and why. */

import { tarEnd } from '../tar.js';
import { isSample, type JournalEntry, type LeftOutEntry } from './journal.js';
import type { LeftOutBecause, PrepareSettings } from './settings.js';
import { shardName } from './shardWriter.js';

/** `report.json`: the same for the same input and settings, however often the run was interrupted. */
export interface PrepareReport {
  settings: PrepareSettings;
  /** Entries of the input: samples and clips left out. */
  clips: number;
  samples: number;
  shards: { name: string; samples: number; bytes: number }[];
  /** How many for each reason. */
  leftOut: Partial<Record<LeftOutBecause, number>>;
  problems: LeftOutEntry[];
}

export function prepareReport(
  settings: PrepareSettings,
  unusable: readonly LeftOutEntry[],
  entries: readonly JournalEntry[],
): PrepareReport {
  const shards: PrepareReport['shards'] = [];
  const problems = [...unusable];
  for (const entry of entries) {
    if (!isSample(entry)) {
      problems.push(entry);
      continue;
    }
    const samples = (shards[entry.shard]?.samples ?? 0) + 1;
    shards[entry.shard] = { name: shardName(entry.shard), samples, bytes: entry.end + tarEnd.length };
  }
  const leftOut: PrepareReport['leftOut'] = {};
  for (const { problem } of problems) leftOut[problem] = (leftOut[problem] ?? 0) + 1;
  const samples = entries.filter(isSample).length;
  return { settings, clips: samples + problems.length, samples, shards, leftOut, problems };
}
