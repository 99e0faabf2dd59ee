/** earshot's own annotations: a JSON list of pictures, sounds and where in the picture each sound comes from. */
import { dirname, posix, resolve, sep } from 'node:path';
import { z } from 'zod';
import { MediaError } from '../../media/types.js';
import { withoutExtension } from '../extensions.js';
import { existing } from '../files.js';
import { commonFolder, uniqueIds } from '../ids.js';
import { readListText } from '../listText.js';
import { boxProblem, boxSchema } from './boxes.js';
import { type Annotated, type BadEntry, type Entry, jsonValues } from './entry.js';
import { pictureSize } from './pictureSize.js';
import type { Annotation } from './types.js';

const schema = z.object({
  image: z.string().min(1),
  audio: z.string().min(1),
  category: z.string().nullish(),
  box: boxSchema.nullish(),
  boxes: z.array(boxSchema).nullish(),
  mask: z.string().min(1).nullish(),
  sounding: z.boolean().nullish(),
  frame: z.tuple([z.number().positive(), z.number().positive()]).nullish(),
});

interface Size {
  width: number;
  height: number;
}

/** A valid entry with its files. */
interface Found {
  file: string;
  value: z.infer<typeof schema>;
  picture: string;
  sound: string;
}

/** Pictures whose headers are read at the same time. */
const atOnce = 8;

/**
 * `[{image, audio, category?, box | boxes | mask, frame?}]`: paths relative to `data` (the list's own folder when not given), boxes
 * [x0, y0, x1, y1] in pixels of the picture, or of a `frame` [width, height] where there is one. When nothing in the picture makes the
 * sound, `"sounding": false` takes the place of a box. Samples of one picture are those with the same `image`. Ids are made as those of
 * `readPairs`: the pictures' names where these tell the samples apart, otherwise PICTURE+SOUND.
 */
export async function readEarshotList(
  path: string,
  { data = dirname(path), signal }: { data?: string; signal?: AbortSignal },
): Promise<Annotated> {
  const read = jsonValues(path, await readListText(path), schema).map((entry): Found | BadEntry =>
    'value' in entry ? { ...entry, picture: resolve(data, entry.value.image), sound: resolve(data, entry.value.audio) } : entry,
  );
  const found = read.filter((entry) => 'value' in entry);
  const idOf = idsOf(found);
  const files = await existing(found.flatMap(({ picture, sound }) => [picture, sound]));
  const sizes = new Map<string, Promise<Size | string>>();
  const sizeOf = (picture: string) => {
    const size = sizes.get(picture) ?? sizeOrReason(picture);
    sizes.set(picture, size);
    return size;
  };

  const entries: (Entry | BadEntry)[] = [];
  for (let i = 0; i < read.length; i += atOnce) {
    signal?.throwIfAborted();
    const some = read.slice(i, i + atOnce).map(async (entry) => {
      if (!('value' in entry)) return entry;
      const missing = [entry.picture, entry.sound].find((file) => !files.has(file));
      const annotation = missing === undefined ? await annotationOf(entry, data, sizeOf) : `no such file: ${missing}`;
      return entryOf(entry, idOf(entry), annotation);
    });
    entries.push(...(await Promise.all(some)));
  }
  return { entries };
}

/** `annotation` is a text when it cannot be used. */
function entryOf({ file, value, picture, sound }: Found, id: string, annotation: Annotation | string): Entry {
  const image = posix.normalize(value.image);
  return {
    file: `${file}: ${id}`,
    sample: {
      id,
      image,
      publishedName: withoutExtension(image),
      ...(typeof value.category === 'string' && { category: value.category }),
      annotation: typeof annotation === 'string' ? { kind: 'nonSounding' } : annotation,
      picture: { path: picture },
      sound: { path: sound },
    },
    problem: typeof annotation === 'string' ? annotation : undefined,
  };
}

/** What an entry says, or what is wrong with it. */
async function annotationOf(
  { value: { box, boxes, mask, sounding, frame }, picture }: Found,
  data: string,
  sizeOf: (picture: string) => Promise<Size | string>,
): Promise<Annotation | string> {
  const given = [box, boxes?.length ? boxes : null, mask].filter((way) => way !== undefined && way !== null).length;
  if (sounding === false) return given === 0 ? { kind: 'nonSounding' } : '"sounding" is false, and yet there is a box or mask';
  if (given !== 1) return `expected one of box, boxes and mask, or "sounding": false: got ${given} of them`;
  if (typeof mask === 'string') return { kind: 'mask', path: resolve(data, mask) };
  const size = frame ? { width: frame[0], height: frame[1] } : await sizeOf(picture);
  if (typeof size === 'string') return size;
  const annotated = box ? [box] : boxes!;
  return boxProblem(annotated, size) ?? { kind: 'boxes', boxes: annotated, frame: size };
}

const sizeOrReason = (picture: string) =>
  pictureSize(picture).catch((error: unknown) => {
    if (error instanceof MediaError) return `the picture cannot be used: ${error.message}`;
    throw error;
  });

/** The ids of entries: one that was there before has that one's id. */
function idsOf(found: readonly Found[]): (entry: Found) => string {
  const slashes = (path: string) => (sep === '/' ? path : path.replaceAll(sep, '/'));
  const keyOf = ({ picture, sound }: Found) => JSON.stringify([picture, sound]);
  const samples = new Map(found.map((entry) => [keyOf(entry), { picture: slashes(entry.picture), sound: slashes(entry.sound) }]));
  const folder = commonFolder([...samples.values()].flatMap(({ picture, sound }) => [picture, sound]));
  const below = (path: string) => path.slice(folder.length);
  const stem = (path: string) => withoutExtension(posix.basename(path));
  const ids = uniqueIds(
    [...samples.values()],
    [
      ({ picture }) => stem(picture),
      ({ picture }) => withoutExtension(below(picture)),
      ({ picture, sound }) => `${stem(picture)}+${stem(sound)}`,
      ({ picture, sound }) => `${below(picture)}+${below(sound)}`,
    ],
  );
  const byKey = new Map([...samples.keys()].map((key, i) => [key, ids[i]!]));
  return (entry) => byKey.get(keyOf(entry))!;
}
