/** What `earshot localize` does once it knows what is wanted. */
import { basename, extname, join } from 'node:path';
import { kindOf } from '../datasets/extensions.js';
import { NpyWriter } from '../evaluation/maps/index.js';
import {
  bundledModel,
  checkHeard,
  type HeatMap,
  type Localization,
  leastConfidence,
  loadModelAndNotes,
  localizeVideo,
  type Model,
  mapAt,
  outlineOf,
  outlineProtocol,
  PairLocalizer,
  runLengths,
  type VideoMaps,
} from '../localization/index.js';
import { makeFolder, missingFolders } from '../makeFolder.js';
import { encodePng, readPicture } from '../media/picture.js';
import { readSound } from '../media/sound.js';
import type { AudioClip, Frame, Video } from '../media/types.js';
import { openVideo } from '../media/video.js';
import { writeVideo } from '../media/writeVideo.js';
import { extremesOf } from '../metrics/scale.js';
import { overlay, type Panel, panels, withColourBar } from '../report/index.js';
import { writeWhole } from '../wholeFile.js';
import { checkNew } from './checkNew.js';
import { UsageError } from './exit.js';
import { modelFile } from './modelFile.js';
import { Progress } from './progress.js';

export interface LocalizeOptions {
  model?: string;
  out: string;
  overwrite?: boolean;
  size?: number;
  threads?: number;
  rate: number;
  smoothing: number;
}

const stem = (path: string): string => basename(path, extname(path));

export async function localize(
  picture: string,
  sounds: readonly string[],
  options: LocalizeOptions,
  signal: AbortSignal,
): Promise<void> {
  const isVideo = kindOf(picture) === 'video';
  if (isVideo && sounds.length > 0) throw new UsageError(`${picture} is a video, which brings its own sound: give no others`);
  if (!isVideo && sounds.length === 0) throw new UsageError(`${picture}: expected a sound beside the picture, or a video`);
  const names = isVideo
    ? [`${stem(picture)}.localized.mp4`, `${stem(picture)}.npy`, `${stem(picture)}.json`]
    : pictureFiles(picture, sounds);
  checkOutputs(names, options);
  await missingFolders(options.out);
  const { model, notes } = await loadModelAndNotes(await modelFile(options.model ?? bundledModel));
  const localizer = await PairLocalizer.create(model, { batch: isVideo ? 8 : 1, size: options.size, threads: options.threads });
  try {
    const used = { localizer, model: aboutModel(model, notes) };
    if (isVideo) await localizeVideoFile(picture, used, options, signal);
    else await localizePicture(picture, sounds, used, options, signal);
  } finally {
    await localizer.release();
  }
}

/** What results say of the model; an imported one's file says whose it is. */
const aboutModel = ({ method, picture, sound }: Model, { source }: Record<string, string>) => ({
  method,
  ...(source !== undefined && { source }),
  picture,
  sound,
});

interface Used {
  localizer: PairLocalizer;
  model: ReturnType<typeof aboutModel>;
}

const pairName = (picture: string, sound: string): string => `${stem(picture)}+${stem(sound)}`;

function pictureFiles(picture: string, sounds: readonly string[]): string[] {
  const files = sounds.flatMap((sound) => ['png', 'npy', 'json'].map((kind) => `${pairName(picture, sound)}.${kind}`));
  return sounds.length > 1 ? [...files, `${stem(picture)}.panels.png`] : files;
}

/** Throws where results are there already, or two would have one name. */
function checkOutputs(names: readonly string[], { out, overwrite }: LocalizeOptions): void {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new Error(`two results would be called ${twice}: sounds need different names`);
  const paths = names.map((name) => join(out, name));
  checkNew(paths, overwrite);
}

async function writeMap(path: string, maps: readonly HeatMap[], shape: readonly number[]): Promise<void> {
  const writer = await NpyWriter.create(path, shape);
  try {
    for (const [i, { data }] of maps.entries()) await writer.write(i, data);
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** What the JSON says of a map on a picture. */
function found({ map, confidence }: Localization, picture: { width: number; height: number }) {
  const isFound = confidence === undefined || confidence >= leastConfidence;
  const { boxes, mask } = outlineOf(map, picture);
  return {
    ...(confidence !== undefined && { confidence }),
    found: isFound,
    boxes: isFound ? boxes : [],
    ...(isFound && { mask: { size: [picture.height, picture.width], counts: runLengths(mask) } }),
  };
}

function inWords({ confidence }: Localization): string {
  if (confidence === undefined) return 'no confidence (the model was not calibrated)';
  const percent = `${Math.round(100 * confidence)} %`;
  return confidence >= leastConfidence ? `found, confidence ${percent}` : `nothing here seems to make this sound (${percent})`;
}

/** The lowest and the highest value of maps: what colours mean is then the same in all of them. */
function rangeOf(localizations: readonly Localization[]): [low: number, high: number] {
  const extremes = localizations.map(({ map }) => extremesOf(map.data));
  return [Math.min(...extremes.map(({ min }) => min)), Math.max(...extremes.map(({ max }) => max))];
}

/** Maps fade where they are not to be trusted. */
const opacityOf = ({ confidence }: Localization): number =>
  confidence === undefined || confidence >= leastConfidence ? 1 : 0.35;

/** Pixels across which pictures are shown at least: small ones are hard to see. */
const leastWidth = 384;

async function localizePicture(
  picture: string,
  sounds: readonly string[],
  { localizer, model }: Used,
  { out }: LocalizeOptions,
  signal: AbortSignal,
): Promise<void> {
  const frame = await readPicture(picture, { signal });
  const { channel, sampleRate } = localizer.sound.clip;
  // All of them before anything is written.
  const clips: AudioClip[] = [];
  for (const sound of sounds) {
    const clip = await readSound(sound, { channel, sampleRate, signal });
    checkHeard(clip, sound, localizer.sound);
    clips.push(clip);
  }
  const localizations = await localizer.localize(clips.map((clip) => ({ frame, clip })));
  signal.throwIfAborted();
  const [low, high] = rangeOf(localizations);
  const width = Math.max(leastWidth, frame.width);
  const shown: Panel[] = [];
  await makeFolder(out);
  for (const [i, localization] of localizations.entries()) {
    const sound = sounds[i]!;
    const { map } = localization;
    const name = join(out, pairName(picture, sound));
    const drawn = withColourBar(overlay(frame, map, { width, range: [low, high], opacity: opacityOf(localization) }), {
      low,
      high,
      title: 'cosine',
    });
    const panel = { frame: drawn, title: basename(sound), note: inWords(localization) };
    await writeWhole(`${name}.png`, [await encodePng(panels([panel]))]);
    await writeMap(`${name}.npy`, [map], [1, map.height, map.width]);
    const { min, max } = extremesOf(map.data);
    const about = {
      model,
      picture,
      sound,
      map: { file: `${basename(name)}.npy`, shape: [1, map.height, map.width], range: [min, max], covers: 'the whole picture' },
      protocol: outlineProtocol,
      ...found(localization, frame),
    };
    await writeWhole(`${name}.json`, `${JSON.stringify(about, null, 1)}\n`);
    shown.push(panel);
    console.log(`${sound}: ${panel.note} -> ${name}.png`);
  }
  if (shown.length > 1) {
    const path = join(out, `${stem(picture)}.panels.png`);
    await writeWhole(path, [await encodePng(panels(shown))]);
    console.log(`all of them: ${path}`);
  }
}

async function localizeVideoFile(
  path: string,
  { localizer, model }: Used,
  options: LocalizeOptions,
  signal: AbortSignal,
): Promise<void> {
  const video = await openVideo(path, { signal });
  const progress = new Progress('seconds');
  try {
    const onProgress = (done: number, total: number) => progress.update(Math.round(done), Math.ceil(total), 'localizing');
    const maps = await localizeVideo(localizer, video, path, { ...options, signal, onProgress }).finally(() => progress.stop());
    const [first] = maps.localizations;
    if (!first) throw new Error(`${path}: there is no frame in it`);
    const name = join(options.out, stem(path));
    const sound = await video.sound({ signal });
    const frameRate = Math.min(60, video.frameRate);
    await makeFolder(options.out);
    // First what most can go wrong with.
    await writeVideo(`${name}.localized.mp4`, { frames: annotated(video, maps, frameRate, signal), frameRate, sound, signal });
    await writeMap(
      `${name}.npy`,
      maps.localizations.map(({ map }) => map),
      [maps.localizations.length, first.map.height, first.map.width],
    );
    const frames = maps.localizations.map((localization, i) => {
      const { mask: _, ...rest } = found(localization, video) as ReturnType<typeof found> & { mask?: unknown };
      return { seconds: i * maps.interval, ...rest };
    });
    const about = {
      model,
      video: path,
      width: video.width,
      height: video.height,
      protocol: outlineProtocol,
      smoothing: options.smoothing,
      frames,
    };
    await writeWhole(`${name}.json`, `${JSON.stringify(about, null, 1)}\n`);
    console.log(`${maps.localizations.length} maps -> ${name}.localized.mp4`);
  } finally {
    await video.close();
  }
}

/** The frames with their maps; colours mean the same throughout the video. */
async function* annotated(video: Video, maps: VideoMaps, rate: number, signal: AbortSignal): AsyncGenerator<Frame> {
  const [low, high] = rangeOf(maps.localizations);
  let i = 0;
  for await (const { frame } of video.frames({ rate, signal })) {
    const localization = mapAt(maps, i++ / rate);
    const drawn = overlay(frame, localization.map, { range: [low, high], opacity: opacityOf(localization) });
    yield withColourBar(drawn, { low, high, title: 'cosine' });
  }
}
