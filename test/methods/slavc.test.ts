/** SLAVC's network: its map is the mean of two cosines, computed here one by one. */
import { expect, it } from 'vitest';
import { interpret } from '../../src/graph/index.js';
import * as ops from '../../src/graph/ops.js';
import { pictureEncoder, soundEncoder } from '../../src/methods/encoders.js';
import { architectureNames, architectures, methodNames } from '../../src/methods/index.js';
import { projectionHead, Scope } from '../../src/nn/index.js';
import { draw } from '../training/networks.js';
import { tinyWeights } from './tiny.js';

const { slavc } = architectures;
const settings = {
  widths: [4, 8],
  blocks: [1, 1],
  pictureStride: 2,
  soundStride: 2,
  centred: false,
  dimensions: 6,
} as const;

it('the table has every network under its own name, the methods among them', () => {
  expect(architectureNames).toEqual(expect.arrayContaining([...methodNames, 'slavc']));
  for (const name of architectureNames) expect(architectures[name].name).toBe(name);
  expect(slavc.source).toMatch(/NeurIPS 2022/);
});

it('the map is the mean of the cosines in both spaces', () => {
  const scope = new Scope({ training: false });
  const frames = ops.input('frames', [2, 3, 32, 32]);
  const sounds = ops.input('sounds', [2, 1, 32, 40]);
  const [picture, sound] = [slavc.picture(scope, frames, settings), slavc.sound(scope, sounds, settings)];
  // The same parameters again, without the network's own way to put them together.
  const v = pictureEncoder(scope.child('vision'), frames, settings);
  const a = soundEncoder(scope.child('audio'), sounds, settings);
  const outputs = {
    map: slavc.map(picture.features, sound.features),
    features: picture.features,
    embedding: picture.embedding,
    v1: projectionHead(scope.child('visionProjection1'), v, settings),
    v2: projectionHead(scope.child('visionProjection2'), v, settings),
    a1: projectionHead(scope.child('audioProjection1'), a, settings),
    a2: projectionHead(scope.child('audioProjection2'), a, settings),
  };
  const feeds = { frames: draw([2, 3, 32, 32], 'frames'), sounds: draw([2, 1, 32, 40], 'sounds') };
  const found = interpret({ outputs }, feeds, tinyWeights(scope));
  const [batch, height, width] = found.map!.shape as [number, number, number];
  const positions = height * width;
  const cosine = (v: readonly number[], a: readonly number[]) =>
    v.reduce((sum, x, i) => sum + x * a[i]!, 0) / (Math.hypot(...v) * Math.hypot(...a));
  const column = (data: ArrayLike<number>, b: number, at: number, d: number) =>
    Array.from({ length: d }, (_, c) => data[(b * d + c) * positions + at]!);
  const row = (data: ArrayLike<number>, b: number) => Array.from({ length: 6 }, (_, c) => data[b * 6 + c]!);
  const seen: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let at = 0; at < positions; at++) {
      const [first, second] = [
        cosine(column(found.v1!.data, b, at, 6), row(found.a1!.data, b)),
        cosine(column(found.v2!.data, b, at, 6), row(found.a2!.data, b)),
      ];
      expect(found.map!.data[b * positions + at]).toBeCloseTo((first + second) / 2, 7);
      expect(Math.hypot(...column(found.features!.data, b, at, 12))).toBeCloseTo(1, 6);
      seen.push(first - second);
    }
  expect(Math.max(...seen.map(Math.abs))).toBeGreaterThan(0.1);
  expect(Math.hypot(...Array.from(found.embedding!.data).slice(0, 12))).toBeCloseTo(1, 6);
});

it('unknown settings are refused', () => {
  expect(slavc.settings.safeParse(settings).success).toBe(true);
  expect(slavc.settings.safeParse({ ...settings, tau: 0.03 }).success).toBe(false);
  expect(slavc.settings.safeParse({ ...settings, blocks: [1] }).success).toBe(false);
});
