/** The pictures and sounds that pairs refer to, wherever they lie: in files of their own, in videos or in shards. */
import { type FileHandle, open } from 'node:fs/promises';
import { readPicture } from '../media/picture.js';
import { readSound } from '../media/sound.js';
import type { Source } from '../media/source.js';
import { type AudioClip, defaultLimits, type Frame, MediaError, type SoundOptions } from '../media/types.js';
import { openVideo, type VideoOptions } from '../media/video.js';
import { kindOf } from './extensions.js';
import { readTarMember } from './tar.js';
import { DatasetError, type MediaRef } from './types.js';

/** Shards kept open when nobody reads them. */
const maxOpenShards = 8;

interface OpenShard {
  file: Promise<FileHandle>;
  /** How many read it just now. */
  readers: number;
}

/** Shards by their paths, the one used last at the end. */
const openShards = new Map<string, OpenShard>();

/**
 * The picture of a pair; of a video the frame shown at `ref.seconds`, the one in its middle when that is not given. Throws MediaError
 * naming the file, and the member when it lies in a shard; DatasetError when the shard is not the one whose index was read.
 */
export async function openPicture(ref: MediaRef, options: VideoOptions = {}): Promise<Frame> {
  return named(ref, async () => {
    const source = await sourceOf(ref, options);
    const kind = kindOf(nameOf(ref));
    if (kind === 'video') return frameOf(source, ref.seconds, options);
    try {
      return await readPicture(source, options);
    } catch (error) {
      // Of a name that says nothing the content tells what it is.
      const mayBeVideo = kind === undefined && error instanceof MediaError && error.problem === 'unsupported';
      if (mayBeVideo) return frameOf(source, ref.seconds, options);
      throw error;
    }
  });
}

async function frameOf(source: Source, seconds: number | undefined, options: VideoOptions): Promise<Frame> {
  const video = await openVideo(source, options);
  try {
    return await video.frameAt(seconds ?? video.duration / 2);
  } finally {
    await video.close();
  }
}

/**
 * The sound of a pair: of the file from `ref.seconds` on, and no longer than `ref.duration`. `start` and `duration` of the options count
 * within that. Throws as `openPicture` does, and RangeError for a `start` beyond `ref.duration`.
 */
export async function openSound(ref: MediaRef, options: SoundOptions = {}): Promise<AudioClip> {
  const start = options.start ?? 0;
  const left = (ref.duration ?? Number.POSITIVE_INFINITY) - start;
  if (left <= 0)
    throw new RangeError(`${nameOf(ref)}: expected a start below ${ref.duration} s, the length of the clip, got ${start} s`);
  const duration = Math.min(left, options.duration ?? Number.POSITIVE_INFINITY);
  return named(ref, async () =>
    readSound(await sourceOf(ref, options), {
      ...options,
      start: (ref.seconds ?? 0) + start,
      duration: Number.isFinite(duration) ? duration : undefined,
    }),
  );
}

const nameOf = ({ path, member }: MediaRef) => (member === undefined ? path : `${path}: ${member.name}`);

/** Errors about bytes that came out of a shard say which. */
async function named<T>(ref: MediaRef, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (ref.member === undefined || !(error instanceof MediaError)) throw error;
    throw new MediaError(error.problem, nameOf(ref), error.message.slice(error.file.length + 2), { cause: error });
  }
}

async function sourceOf(ref: MediaRef, { limits, signal }: VideoOptions): Promise<Source> {
  signal?.throwIfAborted();
  const { path, member } = ref;
  if (member === undefined) return path;
  const maxBytes = limits?.maxBytes ?? defaultLimits.maxBytes;
  if (member.length > maxBytes)
    throw new MediaError('tooLarge', nameOf(ref), `${member.length} bytes are more than the limit of ${maxBytes} (maxBytes)`);
  const read = () => withShard(path, (file) => readTarMember(path, file, member));
  try {
    return await read();
  } catch (error) {
    // A shard that was written anew is another file than the one kept open: this may be a member of the new one.
    if (!(error instanceof DatasetError)) throw error;
    return read();
  }
}

async function withShard<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const shard = openShards.get(path) ?? { file: open(path), readers: 0 };
  openShards.delete(path);
  openShards.set(path, shard);
  shard.readers++;
  try {
    const file = await shard.file.catch((error: NodeJS.ErrnoException) => {
      throw new MediaError('missing', path, `the shard cannot be opened (${error.code ?? error.message})`, { cause: error });
    });
    return await work(file);
  } catch (error) {
    // Not kept after any failure: the next reader opens the file that is then there.
    if (openShards.get(path) === shard) openShards.delete(path);
    throw error;
  } finally {
    shard.readers--;
    const spare = [...openShards]
      .filter(([, { readers }]) => readers === 0)
      .slice(0, Math.max(0, openShards.size - maxOpenShards));
    for (const [other] of spare) openShards.delete(other);
    const unused = spare.map(([, other]) => other);
    if (shard.readers === 0 && openShards.get(path) !== shard && !unused.includes(shard)) unused.push(shard);
    await Promise.all(unused.map(close));
  }
}

/** A file that could not be opened has nothing to close. */
async function close({ file }: OpenShard): Promise<void> {
  await file.then((handle) => handle.close()).catch(() => undefined);
}
