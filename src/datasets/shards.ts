/** WebDataset shards: tar archives whose consecutive members of one key are a sample. */
import { basename } from 'node:path';
import { pictureExtensions, soundExtensions } from './extensions.js';
import { readTarIndex, type TarMember } from './tar.js';
import { DatasetError, type Pair, type PairSet, type Problem } from './types.js';

/** Archives whose headers are read at the same time. */
const shardsAtOnce = 8;

/** A member's extension, everything after the first dot: one of a picture, `jpg` or, of several frames, `0.jpg`; one of a sound. */
const pictureMember = new RegExp(`^(?:(\\d+)\\.)?(?:${pictureExtensions.join('|')})$`);
const soundMember = new RegExp(`^(?:${soundExtensions.join('|')})$`);

interface Sample {
  key: string;
  /** By extension in lower case. */
  members: Map<string, TarMember>;
  /** Why it cannot be used, found while it was put together. */
  reason?: string;
}

/**
 * The pairs of shards, in their order: each sample's picture and sound, found by extension (`jpg` and so on; `wav` and so on; others, as
 * `json`, `cls` or `seg.png`, are not looked at). A sample with several frames `KEY.0.jpg`, `KEY.1.jpg` gives a pair `KEY.0`, `KEY.1` for
 * each, all with its one sound. Ids are the keys. Samples that lack a picture or a sound or have two, keys that came before and shards that
 * cannot be read are problems; `shardSizes` has an entry for each of `paths`.
 */
export async function readShards(paths: readonly string[], name: string): Promise<PairSet> {
  const pairs: Pair[] = [];
  const problems: Problem[] = [];
  const shardSizes: number[] = [];
  const known = new Map<string, string>();
  for (let i = 0; i < paths.length; i += shardsAtOnce) {
    const indices = await Promise.all(paths.slice(i, i + shardsAtOnce).map(indexOrProblem));
    for (const { path, members, problem } of indices) {
      if (problem !== undefined) problems.push(problem);
      const before = pairs.length;
      for (const sample of samplesOf(members)) {
        const earlier = known.get(sample.key);
        const found = earlier === undefined ? pairsOf(path, sample) : `a second sample of this key: the first is in ${earlier}`;
        if (typeof found === 'string') problems.push({ file: `${path}: ${sample.key}`, reason: found });
        else for (const pair of found) pairs.push(pair);
        known.set(sample.key, earlier ?? basename(path));
      }
      shardSizes.push(pairs.length - before);
    }
  }
  return { name, pairs, problems, shardSizes };
}

async function indexOrProblem(path: string): Promise<{ path: string; members: TarMember[]; problem?: Problem }> {
  try {
    return { path, members: await readTarIndex(path) };
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    return { path, members: [], problem: { file: path, reason: error.message.slice(path.length + 2) } };
  }
}

/**
 * WebDataset's rule: a member's key is its path up to the first dot of the file name, the rest is its extension, and consecutive members
 * of one key are a sample. Members without key or extension are passed over, and so are `__names__` of theirs, which hold no sample.
 */
export function samplesOf(members: Iterable<TarMember>): Sample[] {
  const samples: Sample[] = [];
  for (const member of members) {
    const [, key, written] = /^((?:.*\/)?[^./]+)\.([^/]+)$/.exec(member.name) ?? [];
    if (key === undefined || written === undefined || /(^|\/)__[^/]*__($|\/|\.)/.test(member.name)) continue;
    const extension = written.toLowerCase();
    let sample = samples.at(-1);
    if (sample?.key !== key) {
      sample = { key, members: new Map() };
      samples.push(sample);
    }
    if (sample.members.has(extension)) sample.reason = `two members .${extension} in one sample`;
    sample.members.set(extension, member);
  }
  return samples;
}

/** A sample's pairs, or why there are none. */
function pairsOf(path: string, { key, members, reason }: Sample): Pair[] | string {
  const extensions = [...members.keys()];
  const pictures = extensions.filter((extension) => pictureMember.test(extension));
  const sounds = extensions.filter((extension) => soundMember.test(extension));
  const frameNumber = (extension: string) => pictureMember.exec(extension)?.[1];
  if (reason !== undefined) return reason;
  if (pictures.length === 0) return `no picture in the sample: expected .${pictureExtensions.join(', .')}`;
  if (sounds.length === 0) return `no sound in the sample: expected .${soundExtensions.join(', .')}`;
  if (sounds.length > 1) return `several sounds in one sample: .${sounds.join(', .')}`;
  const numbers = new Set(pictures.map(frameNumber));
  if (pictures.length > 1 && (numbers.has(undefined) || numbers.size < pictures.length))
    return `several pictures in one sample that are not numbered: .${pictures.join(', .')}`;
  const ref = (extension: string) => ({ path, member: members.get(extension)! });
  const sound = ref(sounds[0]!);
  return pictures.map((extension) => ({
    id: pictures.length === 1 ? key : `${key}.${frameNumber(extension)}`,
    picture: ref(extension),
    sound,
  }));
}
