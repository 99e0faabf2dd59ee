/** How much there is to train in a run. */
import { describe, expect, it } from 'vitest';
import { viewsIn } from '../../src/ablation/trainRun.js';
import { checkConfig, presetConfig } from '../../src/training/config.js';

describe('the views of a run', () => {
  const laptop = presetConfig('sslalign', 'laptop');
  // 10 updates an epoch; anchors and augmented ones of both sides, and neighbours of both.
  const [without, all] = [4, 6];
  const viewsWith = (neighbours: object, updates?: number): number =>
    viewsIn(
      checkConfig({ ...laptop, batch: 8, epochs: 5, neighbours: { ...laptop.neighbours, after: 2, ...neighbours } }),
      80,
      updates,
    );
  const outside = { path: 'encoder.onnx', preset: 'laptop' };

  it.each<[string, object, number]>([
    ['wait for the model that is trained', {}, 2],
    ['wait where one side has an encoder of others', { soundEncoder: outside }, 2],
    ['are there at once where both have', { pictureEncoder: outside, soundEncoder: outside }, 0],
    ['are there at once where they are the pairs themselves', { sampling: 'anchor' }, 0],
  ])('semantic positives %s', (_, neighbours, epochs) => {
    expect(viewsWith(neighbours)).toBe(80 * (epochs * without + (5 - epochs) * all));
    // To the middle of the fourth epoch.
    expect(viewsWith(neighbours, 35)).toBe(80 * (epochs * without + (3.5 - epochs) * all));
  });
});
