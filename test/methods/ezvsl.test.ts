/** The loss of EZ-VSL against its formula in plain TypeScript. */
import { describe, expect, it } from 'vitest';
import { interpret } from '../../src/graph/index.js';
import * as ops from '../../src/graph/ops.js';
import { methods } from '../../src/methods/index.js';
import { naiveInfoNce, naiveMaps, transposed } from '../losses/naive.js';
import { draw } from '../training/networks.js';
import { tinyFeeds, tinyNetwork, tinySettings, tinyWeights } from './tiny.js';

const { ezvsl } = methods;

describe('the loss of ezvsl', () => {
  it.each([0.03, 0.5])('is infoNce of the best position in both directions, at %s', (tau) => {
    const maps = draw([4, 6, 3, 5], 'maps', tau * 100);
    const sounds = draw([4, 6], 'sounds', tau * 100);
    for (const t of [maps, sounds]) t.data.forEach((x, i) => (t.data[i] = 0.2 * x));
    const picture = { features: ops.input('maps', maps.shape) };
    const sound = { features: ops.input('sounds', sounds.shape) };
    const settings = ezvsl.settings.parse({ ...(ezvsl.presets.paper as object), tau });
    const outputs = ezvsl.loss([picture], [sound], settings);
    const found = interpret({ outputs }, { maps, sounds });
    const best = naiveMaps(maps, sounds).map((row) => row.map((values) => Math.max(...values)));
    const wanted = { pictures: naiveInfoNce(best, tau), sounds: naiveInfoNce(transposed(best), tau) };
    expect(Object.keys(found)).toEqual(Object.keys(wanted));
    expect(Math.abs(wanted.pictures - wanted.sounds)).toBeGreaterThan(1e-3);
    for (const name of ['pictures', 'sounds'] as const)
      expect(Math.abs(found[name]!.data[0]! - wanted[name])).toBeLessThan(1e-6 * (1 + wanted[name]));
  });

  it('compares what maps are made of', () => {
    const settings = tinySettings(ezvsl, 'paper');
    const { scope, pictures, sounds } = tinyNetwork(ezvsl, settings, false);
    const [picture, sound] = [pictures[0]!, sounds[0]!];
    expect(picture.compared).toEqual({ features: picture.features });
    expect(sound.compared).toEqual({ features: sound.features });
    expect(picture.features.shape[1]).toBe((settings as { dimensions: number }).dimensions);
    const outputs = { maps: picture.features, mean: picture.embedding, features: sound.features, sound: sound.embedding };
    const found = interpret({ outputs }, tinyFeeds(ezvsl, settings), tinyWeights(scope));
    expect(found.sound).toEqual(found.features);
    const [b, d, h, w] = found.maps!.shape as [number, number, number, number];
    for (let i = 0; i < b; i++) {
      const sums = Array.from({ length: d }, (_, c) =>
        found.maps!.data.slice((i * d + c) * h * w, (i * d + c + 1) * h * w).reduce((sum, x) => sum + x, 0),
      );
      const length = Math.hypot(...sums);
      for (const [c, sum] of sums.entries()) expect(found.mean!.data[i * d + c]).toBeCloseTo(sum / length, 10);
    }
  });

  it('has the published numbers', () => {
    expect(ezvsl.presets.paper).toEqual({
      widths: [64, 128, 256, 512],
      blocks: [2, 2, 2, 2],
      centred: false,
      pictureStride: 2,
      soundStride: 2,
      dimensions: 512,
      tau: 0.03,
    });
    // A picture of 224 pixels has 7 x 7 positions.
    const settings = { ...(ezvsl.presets.paper as object), widths: [1, 1, 1, 1], blocks: [1, 1, 1, 1], dimensions: 1 };
    const { pictures } = tinyNetwork(ezvsl, ezvsl.settings.parse(settings), false, {
      batch: 1,
      size: 224,
      bins: 257,
      frames: 200,
    });
    expect(pictures[0]!.features.shape).toEqual([1, 1, 7, 7]);
  });
});
