/** A trained model as one ONNX file for any program: from a waveform and pixels to a heatmap and a score. */
import { leastSwing } from '../features/clip.js';
import { normalizedPicture } from '../features/picture.js';
import { clipLength, planOf } from '../features/plan.js';
import { spectrogram } from '../features/spectrogram.js';
import * as g from '../graph/index.js';
import { architectures } from '../methods/index.js';
import { showShape } from '../tensor.js';
import { type Confidence, peakCount } from './confidence.js';
import { LocalizerError } from './localizer.js';
import { type Model, viewsOf } from './model.js';
import { localized, lowerWithWeights } from './network.js';

export const exportFormat = 'earshot-export-1';

export interface ExportOptions {
  /** Pixels of the pictures that the file takes, each side 16 to 4096; the square that the model sees when not given. */
  picture?: { width: number; height: number };
  /** What the model's file says of itself: metadata `model.*`. `source` is whose weights they are; whose method it is when not given. */
  about?: Readonly<Record<string, string>>;
}

export interface Exported {
  /** An ONNX file of opset 21, standard operations only. */
  onnx: Uint8Array;
  /** What goes in and out, with shapes. */
  inputs: readonly g.Port[];
  outputs: readonly g.Port[];
  /** The file's metadata: everything that its users have to know, as text. */
  metadata: Readonly<Record<string, string>>;
}

/** How long the sides of a picture may be, in pixels. */
export const pictureSides = { least: 16, most: 4096 } as const;
/** Ranges of maps below this are rounding: nothing stands out in them. */
const leastRange = 1e-6;

/** The mean of the highest twentieth of maps [1, h, w] -> [1]; equal values at the edge count as often as there is room for them. */
function matchOf(map: g.Value): g.Value {
  const positions = map.shape[1]! * map.shape[2]!;
  const count = peakCount(positions);
  const flat = g.reshape(map, [1, positions]);
  const edge = g.kthLargest(flat, count);
  return g.reshape(g.add(edge, g.mul(g.sum(g.relu(g.sub(flat, edge)), 1, true), 1 / count)), [1]);
}

/** x [1, ...] -> its lowest and highest value, [1, 1, ...]. */
function extremesOf(x: g.Value): { low: g.Value; high: g.Value } {
  const axes = x.shape.map((_, i) => i);
  return { low: g.neg(g.max(g.neg(x), axes, true)), high: g.max(x, axes, true) };
}

/** P of `confidenceOf`, and 0 for a sound without signal: nothing makes a silence. */
function probability(match: g.Value, waveform: g.Value, { slope, offset }: Confidence): g.Value {
  const { low, high } = extremesOf(waveform);
  const hasSignal = g.reshape(g.step(g.sub(g.sub(high, low), leastSwing)), [1]);
  return g.mul(g.sigmoid(g.add(g.mul(match, slope), offset)), hasSignal);
}

/** Bilinear to the picture's size and scaled to the map's own range, as overlays are drawn: [1, h, w] -> [1, height, width] in [0, 1]. */
function heatmapOf(map: g.Value, { width, height }: { width: number; height: number }): g.Value {
  const { low, high } = extremesOf(map);
  const resized = g.resize(map, [height, width], 'bilinear', 'halfPixel');
  return g.clamp(g.div(g.sub(resized, low), g.maximum(g.sub(high, low), leastRange)), 0, 1);
}

/**
 * Inputs
 * - `waveform` float32 [1, N]: mono, at the model's sample rate; the N samples that the spectrogram sees (see `fitClip`)
 * - `pixels` uint8 [1, H, W, 3]: red, green, blue, the top row first; squashed to the model's square as its preset resizes pictures
 *
 * Outputs
 * - `heatmap` [1, H, W]: the map resized bilinearly to the picture and scaled to its own range, 0 lowest, 1 highest
 * - `map` [1, h, w]: as coarse as the model makes it, over the whole picture; cosines in [-1, 1]
 * - `score` [1]: `confidenceOf`, 0 for silence; of a model that was never calibrated `matchOf`
 * - `imageEmbedding`, `soundEmbedding` [1, E]: unit vectors, alike for what belongs together
 *
 * with everything that `PairLocalizer` does in between. Throws LocalizerError for a picture of another size than allowed, weights that are not
 * those of the model's method, and a model of more than 2 GB.
 */
export function exportModel(model: Model, { picture, about = {} }: ExportOptions = {}): Exported {
  const { frame, spectrogram: heard } = viewsOf(model);
  const { size } = frame.picture;
  const { width, height } = picture ?? { width: size, height: size };
  for (const side of [width, height])
    if (!(Number.isInteger(side) && side >= pictureSides.least && side <= pictureSides.most))
      throw new LocalizerError(
        `pictures have sides of ${pictureSides.least} to ${pictureSides.most} pixels, not ${width}x${height}`,
      );
  const { clip } = heard.sound;
  const waveform = g.input('waveform', [1, clipLength(clip)]);
  const pixels = g.input('pixels', [1, height, width, 3], 'uint8');

  const spec = { ...frame.picture, fit: 'squash' } as const;
  const seen = normalizedPicture(g.cast(g.transpose(pixels, [0, 3, 1, 2]), 'float32'), spec);
  const sound = spectrogram(clip.clamp ? g.clamp(waveform, -1, 1) : waveform, planOf(heard.sound));
  const { map, imageEmbedding, soundEmbedding } = localized(model, seen, sound);
  const match = matchOf(map);
  const score = model.confidence ? probability(match, waveform, model.confidence) : match;
  const graph: g.Graph = { outputs: { heatmap: heatmapOf(map, { width, height }), map, score, imageEmbedding, soundEmbedding } };

  const notes = Object.fromEntries(Object.entries(about).map(([key, text]) => [`model.${key}`, text]));
  const metadata = { ...notes, ...metadataOf(model, { width, height }, about.source) };
  const { model: onnx, externalData, inputs, outputs } = lowerWithWeights(graph, model, { name: model.method, metadata });
  if (externalData) throw new LocalizerError('the model has more than 2 GB, which one ONNX file cannot hold');
  return { onnx, inputs, outputs, metadata };
}

/** What `metadata_props` says: keys and numbers for programs, sentences for people. */
function metadataOf(
  model: Model,
  { width, height }: { width: number; height: number },
  source: string = architectures[model.method].source,
): Record<string, string> {
  const { frame, spectrogram: heard } = viewsOf(model);
  const { clip } = heard.sound;
  const samples = clipLength(clip);
  const first = clip.slice?.[0] ?? 0;
  const { size } = frame.picture;
  return {
    format: exportFormat,
    model: `${model.method}: ${source}; pictures as '${frame.picture.name}', sounds as '${heard.sound.name}'`,
    method: model.method,
    waveform:
      `float32 ${showShape([1, samples])}, ${clip.sampleRate} Hz, -1 to 1, mono (${clip.channel === 'mix' ? 'the mean of all channels' : 'the first channel'}). ` +
      `"earshot localize" repeats a sound that is shorter than ${clip.samples} samples until it has as many, takes ` +
      `${clip.take === 'start' ? 'the first' : 'the middle'} ${clip.samples} of a longer one` +
      (samples < clip.samples ? `, and of these the ${samples} from ${first} on` : ''),
    sampleRate: `${clip.sampleRate}`,
    samples: `${samples}`,
    clipSamples: `${clip.samples}`,
    clipTake: clip.take,
    clipFirst: `${first}`,
    channel: clip.channel === 'mix' ? 'mix' : 'first',
    pixels: `uint8 ${showShape([1, height, width, 3])}: the top row first, red, green, blue, 0 to 255; the network sees ${size}x${size} pixels of it`,
    width: `${width}`,
    height: `${height}`,
    heatmap: 'map, resized bilinearly (half-pixel centres) to the picture and scaled to its own range, 0 lowest, 1 highest',
    map: 'cosines in [-1, 1] over the whole picture, higher where the sound comes from',
    score: model.confidence
      ? 'the probability that something in the picture makes the sound; below 0.5 nothing seems to; 0 for silence'
      : 'no probability, the model was never calibrated: the mean of the highest twentieth of the map, a cosine',
    embeddings: 'unit vectors; the inner product is high for pictures and sounds that belong together',
  };
}
