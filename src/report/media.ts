/** Pictures, sounds and maps of the samples that a report shows, as text that a page can hold. */
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { openPicture, openSound } from '../datasets/media.js';
import { clipKey } from '../datasets/vggsound.js';
import { EvaluationError } from '../evaluation/evaluator.js';
import { openMaps } from '../evaluation/maps/index.js';
import type { Run, SampleMedia } from '../evaluation/run.js';
import type { HeatMap } from '../localization/heatMap.js';
import { encodeJpeg } from '../media/picture.js';
import { type Frame, MediaError } from '../media/types.js';
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

/**
 * The maps of some samples, by position in `evaluation.samples`. The file is read once, and what is not asked for is let go. Throws
 * EvaluationError where these are not the maps that were evaluated: another number of maps, or none of a sample's name.
 */
export async function mapsOf({ maps, ids, evaluation }: Run, positions: ReadonlySet<number>): Promise<Map<number, HeatMap>> {
  const wanted = new Map([...positions].map((i) => [clipKey(evaluation.samples[i]!.id), i]));
  const found = new Map<number, HeatMap>();
  const source = await openMaps(maps);
  try {
    if (!source.names && source.count !== ids.length)
      throw new EvaluationError(
        `${maps}: ${ids.length} maps were evaluated, now there are ${source.count}: the file is another one; evaluate again`,
      );
    let position = 0;
    for await (const map of source.maps()) {
      const sample = wanted.get(clipKey(map.name ?? ids[position]!));
      position++;
      if (sample !== undefined) found.set(sample, map);
      if (found.size === wanted.size) break;
    }
  } finally {
    await source.close();
  }
  for (const [id, i] of wanted)
    if (!found.has(i))
      throw new EvaluationError(`${maps}: there is no map '${id}', which was evaluated: the file is another one; evaluate again`);
  return found;
}

/** Reads media once, and remembers what could not be read. */
export class Media {
  readonly problems: { file: string; reason: string }[] = [];
  readonly #sounds = new Map<string, Promise<string | undefined>>();
  /** As wide as they are shown: the files' own pictures would take hundreds of megabytes. */
  readonly #pictures = new Map<string, Promise<Frame | undefined>>();
  readonly #masks = new Map<string, Promise<Frame | undefined>>();

  /** What was made of a file, once; undefined where it cannot be read. */
  #once<T>(
    known: Map<string, Promise<T | undefined>>,
    ref: NonNullable<SampleMedia['picture']>,
    make: () => Promise<T>,
  ): Promise<T | undefined> {
    const key = JSON.stringify(ref);
    const made =
      known.get(key) ??
      make().catch((error: Error) => {
        const reason = error instanceof MediaError ? error.reason : error.message;
        this.problems.push({ file: ref.path, reason });
        return undefined;
      });
    known.set(key, made);
    return made;
  }

  /** The picture with the map over it and the object outlined, as a JPEG; undefined without a picture. */
  async picture({ picture, boxes, mask }: SampleMedia, map: HeatMap | undefined): Promise<string | undefined> {
    const make = async () => overlay(await openPicture(picture!), undefined, { width: pictureWidth });
    const frame = picture && (await this.#once(this.#pictures, picture, make));
    if (!frame) return undefined;
    const maskRef = mask === undefined ? undefined : { path: mask };
    const outline = maskRef && (await this.#once(this.#masks, maskRef, () => openPicture(maskRef)));
    return dataUri('image/jpeg', await encodeJpeg(overlay(frame, map, { boxes, mask: outline }), { quality: 80 }));
  }

  /** The sound as a file: as it is where it is small, otherwise its first seconds; undefined without one. */
  sound({ sound }: SampleMedia): Promise<string | undefined> {
    return sound ? this.#once(this.#sounds, sound, () => preview(sound)) : Promise.resolve(undefined);
  }
}

async function preview(sound: NonNullable<SampleMedia['sound']>): Promise<string> {
  const type = soundTypes[extname(sound.path).toLowerCase()];
  const whole = sound.member === undefined && sound.seconds === undefined && sound.duration === undefined;
  if (whole && type !== undefined && (await isSmall(sound.path))) {
    await openSound(sound).catch((error: unknown) => {
      // A browser plays what only the optional decoder reads.
      if (!(error instanceof MediaError && error.problem === 'needsFfmpeg')) throw error;
    });
    return dataUri(type, await readFile(sound.path));
  }
  return dataUri('audio/wav', encodeWav(await openSound(sound, { duration: cutSeconds, sampleRate: previewRate })));
}

/** A file that is not there is for the decoder to name. */
const isSmall = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && found.size <= maxSoundBytes;
};
