/** Models small enough to be made on the spot, and pictures and sounds for them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pair, PairSet } from '../../src/datasets/types.js';
import { parametersOf } from '../../src/graph/lower/weights.js';
import type { Model } from '../../src/localization/model.js';
import { localizerGraph } from '../../src/localization/network.js';
import { type AudioClip, encodePng, encodeWav, type Frame } from '../../src/media/index.js';
import { type MethodName, methods } from '../../src/methods/index.js';
import { Random } from '../../src/random.js';
import type { Tensor } from '../../src/tensor.js';
import { initialize } from '../../src/training/initialize.js';
import { tinySettings } from '../methods/tiny.js';

/** With first weights, as if it had been trained. */
export function tinyModel(method: MethodName = 'sslalign', changes: Partial<Model> = {}): Model {
  const about: Model = {
    method,
    settings: tinySettings(methods[method], 'laptop'),
    picture: { preset: 'laptop', size: 32 },
    sound: { preset: 'laptop', seconds: 0.5 },
    weights: {},
    ...changes,
  };
  const parameters = parametersOf(localizerGraph(about, { batch: 1 }));
  return { ...about, weights: initialize(parameters, 4) as Record<string, Tensor<'float32'>> };
}

export const quiet = { threads: 1, onWarning: () => {} };

/** Coloured noise in blocks of 8 pixels. */
export function noisyFrame(seed: number, width: number, height: number): Frame {
  const random = new Random(seed, 'frame');
  const across = Math.ceil(width / 8);
  const blocks = Array.from({ length: 3 * across * Math.ceil(height / 8) }, () => random.below(256));
  const rgb = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        rgb[3 * (y * width + x) + c] = blocks[3 * (Math.floor(y / 8) * across + Math.floor(x / 8)) + c]!;
  return { width, height, rgb };
}

/** A tone in noise whose loudness and pitch change. */
export function noisyClip(seed: number, samples: number, sampleRate = 16_000): AudioClip {
  const random = new Random(seed, 'clip');
  const pitch = 0.02 + 0.3 * random.uniform();
  const turns = samples / 9000;
  return {
    sampleRate,
    samples: Float32Array.from({ length: samples }, (_, n) => {
      const loudness = 0.3 + 0.2 * Math.sin((2 * Math.PI * turns * n) / samples + seed);
      return loudness * Math.sin(pitch * n * (1 + n / (8 * samples))) + 0.02 * random.normal();
    }),
  };
}

/** Writes pictures and sounds into a folder: as a set of pairs. */
export async function writePairs(folder: string, pairs: readonly { frame: Frame; clip: AudioClip }[]): Promise<PairSet> {
  const written: Pair[] = [];
  for (const [i, { frame, clip }] of pairs.entries()) {
    const [picture, sound] = [join(folder, `${i}.png`), join(folder, `${i}.wav`)];
    writeFileSync(picture, await encodePng(frame));
    writeFileSync(sound, encodeWav(clip, 'float32'));
    written.push({ id: `pair${i}`, picture: { path: picture }, sound: { path: sound } });
  }
  return { name: 'tiny', pairs: written, problems: [] };
}
