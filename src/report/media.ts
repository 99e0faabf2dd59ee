/** Pictures, sounds and maps of the samples that a report shows, as text that a page can hold. */
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { openPicture, openSound } from '../datasets/media.js';
import { clipKey } from '../datasets/vggsound.js';
import type { HeatMap } from '../evaluation/heatMap.js';
import { openMaps } from '../evaluation/maps/index.js';
import type { Run, SampleMedia } from '../evaluation/run.js';
import { encodeJpeg } from '../media/picture.js';
import type { Frame } from '../media/types.js';
import { encodeWav } from '../media/wav.js';
import { overlay } from './overlay.js';

/** Pixels across, twice what is shown. */
const pictureWidth = 400;
/** Sounds larger than this are cut and made 16 kHz mono, which is enough to hear what it is. */
const maxSoundBytes = 160_000;
const cutSeconds = 5;
const previewRate = 16_000;

const soundTypes: Readonly<Record<string, string>> = {
  '.wav': 'audio/wav',
  '.flac': 'audio/flac',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.opus': 'audio/ogg',
  '.m4a': 'audio/mp4',
};

const dataUri = (type: string, bytes: Uint8Array) => `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;

/** The maps of some samples, by position in `evaluation.samples`. The file is read once, and what is not asked for is let go. */
export async function mapsOf({ maps, ids, evaluation }: Run, positions: ReadonlySet<number>): Promise<Map<number, HeatMap>> {
  const wanted = new Map([...positions].map((i) => [clipKey(evaluation.samples[i]!.id), i]));
  const found = new Map<number, HeatMap>();
  const source = await openMaps(maps);
  try {
    let position = 0;
    for await (const map of source.maps()) {
      const sample = wanted.get(clipKey(map.name ?? ids[position] ?? ''));
      position++;
      if (sample !== undefined) found.set(sample, map);
      if (found.size === wanted.size) break;
    }
  } finally {
    await source.close();
  }
  return found;
}

/** Reads media once, and remembers what could not be read. */
export class Media {
  readonly problems: { file: string; reason: string }[] = [];
  readonly #sounds = new Map<string, Promise<string | undefined>>();
  readonly #frames = new Map<string, Promise<Frame | undefined>>();

  async #tried<T>(file: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.problems.push({ file, reason: (error as Error).message });
      return undefined;
    }
  }

  #frame(ref: NonNullable<SampleMedia['picture']>): Promise<Frame | undefined> {
    const key = JSON.stringify(ref);
    const frame = this.#frames.get(key) ?? this.#tried(ref.path, () => openPicture(ref));
    this.#frames.set(key, frame);
    return frame;
  }

  /** The picture with the map over it and the object outlined, as a JPEG; undefined without a picture. */
  async picture({ picture, boxes, mask }: SampleMedia, map: HeatMap | undefined): Promise<string | undefined> {
    const frame = picture && (await this.#frame(picture));
    if (!frame) return undefined;
    const outline = mask === undefined ? undefined : await this.#frame({ path: mask });
    const shown = overlay(frame, map, { width: pictureWidth, boxes, mask: outline });
    return dataUri('image/jpeg', await encodeJpeg(shown, { quality: 80 }));
  }

  /** The sound as a file: as it is where it is small, otherwise its first seconds; undefined without one. */
  sound({ sound }: SampleMedia): Promise<string | undefined> {
    if (!sound) return Promise.resolve(undefined);
    const key = JSON.stringify(sound);
    const found = this.#sounds.get(key) ?? this.#tried(sound.path, () => preview(sound));
    this.#sounds.set(key, found);
    return found;
  }
}

async function preview(sound: NonNullable<SampleMedia['sound']>): Promise<string> {
  const type = soundTypes[extname(sound.path).toLowerCase()];
  const whole = sound.member === undefined && sound.seconds === undefined && sound.duration === undefined;
  if (whole && type !== undefined && (await stat(sound.path)).size <= maxSoundBytes)
    return dataUri(type, await readFile(sound.path));
  return dataUri('audio/wav', encodeWav(await openSound(sound, { duration: cutSeconds, sampleRate: previewRate })));
}
