/** What the presets do has the numbers of the publications they are named after. */
import { describe, expect, it } from 'vitest';
import { cutFrame } from '../../src/features/augment/crop.js';
import { augmentPicture, type CropAugmentation, type SimclrAugmentation } from '../../src/features/augment/pictures.js';
import { pictureAugmentations, spectrogramMasks } from '../../src/features/augment/presets.js';
import { maskSpectrogram } from '../../src/features/augment/sound.js';
import { fitClip } from '../../src/features/clip.js';
import { resizeFrame } from '../../src/features/kernels/index.js';
import { soundPresets } from '../../src/features/presets.js';
import { readSound } from '../../src/media/index.js';
import type { Frame } from '../../src/media/types.js';
import { Random } from '../../src/random.js';
import { wavOf } from '../media/wavFile.js';
import { gradients, sha256 } from './augment-pictures.js';

const { simclr, mocoV2, lvsCrop, avinCrop } = pictureAugmentations;
const seeds = Array.from({ length: 2000 }, (_, seed) => seed);
/** Five standard deviations of the share of the seeds at which something of probability p happens. */
const fiveDeviations = (p: number) => 5 * Math.sqrt((p * (1 - p)) / seeds.length);

/** A preset that leaves a square picture whole and unchanged, so that one thing can be put back and seen alone. */
const still = (preset: SimclrAugmentation): SimclrAugmentation => ({
  ...preset,
  size: 4,
  scale: [1, 1],
  ratio: [1, 1],
  flip: 0,
  jitter: { ...preset.jitter, probability: 0 },
  grayscale: 0,
  blur: { ...preset.blur, probability: 0 },
});

/**
 * SimCLR: google-research/simclr, data_util.py (crop of 0.08 to 1 of the area, colours by 0.8 and 0.2 at strength 1); MoCo v2 as
 * jinxiang-liu/SSL-TIE has it, datasets/dataloader.py, `moco_v2` (crop of 0.3 to 1, ColorJitter(0.4, 0.4, 0.4, 0.1)).
 */
describe.each<[string, SimclrAugmentation, { smallest: number; brightness: number }]>([
  ['simclr', simclr, { smallest: 0.08, brightness: 0.8 }],
  ['mocoV2', mocoV2, { smallest: 0.3, brightness: 0.4 }],
])('%s', (_, preset, published) => {
  it('keeps the published share of the picture, of the published shapes', () => {
    const side = 300;
    const frame = gradients(side, side);
    const views = seeds.map((seed) => {
      const { placement } = augmentPicture(
        frame,
        { ...still(preset), scale: preset.scale, ratio: preset.ratio },
        new Random(seed),
      );
      const [width, height] = [4 / Math.abs(placement.scaleX), 4 / placement.scaleY];
      return { area: (width * height) / side ** 2, ratio: width / height };
    });
    const areas = views.map(({ area }) => area).sort((a, b) => a - b);
    const ratios = views.map(({ ratio }) => ratio).sort((a, b) => a - b);
    // Sides are whole pixels: an area is off by at most 1 % for that, and the extremes of 2000 are as near to their limits.
    expect(Math.abs(areas[0]! - published.smallest)).toBeLessThan(0.01);
    expect(areas.at(-1)).toBeGreaterThan(0.98);
    expect(Math.abs(ratios[0]! - 3 / 4)).toBeLessThan(0.02);
    expect(Math.abs(ratios.at(-1)! - 4 / 3)).toBeLessThan(0.02);
  });

  it.each<[string, number, Partial<SimclrAugmentation>]>([
    ['jitters', 0.8, { jitter: preset.jitter }],
    ['makes grey', 0.2, { grayscale: preset.grayscale }],
    // With one sigma: the smallest leave a picture as it was.
    ['blurs', 0.5, { size: 20, blur: { ...preset.blur, sigma: [2, 2] } }],
    ['mirrors', 0.5, { flip: preset.flip }],
  ])('%s with probability %d', (_, probability, change) => {
    const frame = gradients(20, 20);
    const pixels = (augmentation: SimclrAugmentation, seed: number) =>
      Buffer.from(augmentPicture(frame, augmentation, new Random(seed)).frame.rgb);
    const alone = { ...still(preset), ...change };
    const unchanged = pixels({ ...still(preset), size: alone.size }, 0);
    const share = seeds.filter((seed) => !pixels(alone, seed).equals(unchanged)).length / seeds.length;
    expect(Math.abs(share - probability)).toBeLessThan(fiveDeviations(probability));
  });

  it('makes brighter and darker by the published factor', () => {
    // Of the four changes only brightness changes a picture of one grey.
    const grey: Frame = { width: 4, height: 4, rgb: new Uint8Array(48).fill(100) };
    const jittered: SimclrAugmentation = { ...still(preset), jitter: { ...preset.jitter, probability: 1 } };
    const levels = seeds.map((seed) => augmentPicture(grey, jittered, new Random(seed)).frame.rgb[0]!);
    expect(Math.abs(Math.min(...levels) - 100 * (1 - published.brightness))).toBeLessThanOrEqual(1);
    expect(Math.abs(Math.max(...levels) - 100 * (1 + published.brightness))).toBeLessThanOrEqual(1);
  });
});

/**
 * `Resize(int(224 * 1.1), BICUBIC)` (hche11/Localizing-Visual-Sounds-the-Hard-Way, datasets/dataloader.py; stoneMo/EZ-VSL,
 * datasets.py) and `Resize((256, 256))`, bilinear by default (Tahy1/AVIN, AVIN-RN/dataset.py), both then `RandomCrop(224)`.
 */
describe.each<[string, CropAugmentation, readonly [number, number], 'bilinear' | 'bicubic']>([
  ['lvsCrop', lvsCrop, [369, 246], 'bicubic'],
  ['avinCrop', avinCrop, [256, 256], 'bilinear'],
])('%s', (_, preset, [width, height], kernel) => {
  it(`of 300 x 200 pixels is 224 x 224 of the ${width} x ${height} that a ${kernel} resize gives`, () => {
    const frame = gradients(300, 200);
    const resized = resizeFrame(frame, width, height, kernel);
    for (let seed = 0; seed < 3; seed++) {
      const view = augmentPicture(frame, { ...preset, flip: 0 }, new Random(seed));
      const [x, y] = [-view.placement.offsetX, -view.placement.offsetY];
      expect(sha256(view.frame.rgb)).toBe(sha256(cutFrame(resized, [x, y, x + 224, y + 224]).rgb));
    }
  });
});

/** jinxiang-liu/SSL-TIE, datasets/dataloader.py: `random.random() < 0.8`, TimeMasking(180), FrequencyMasking(35). */
describe('ssltie masks', () => {
  it('are narrower than 180 frames and 35 bins, and made 4 times in 5', () => {
    // More than a mask can cover, so that some row has nothing but the mask of time, and some column only that of frequency.
    const [bins, frames] = [36, 181];
    const silence = -100;
    const widths = seeds.map((seed) => {
      const values = new Float32Array(bins * frames);
      maskSpectrogram(values, { bins, frames }, spectrogramMasks.ssltie, new Random(seed));
      const filledOf = (count: number, at: (i: number) => number) =>
        Array.from({ length: count }, (_, i) => values[at(i)]).filter((v) => v === silence).length;
      const rows = Array.from({ length: bins }, (_, bin) => filledOf(frames, (frame) => bin * frames + frame));
      const columns = Array.from({ length: frames }, (_, frame) => filledOf(bins, (bin) => bin * frames + frame));
      return { time: Math.min(...rows), frequency: Math.min(...columns) };
    });
    expect(Math.max(...widths.map(({ time }) => time))).toBe(179);
    expect(Math.max(...widths.map(({ frequency }) => frequency))).toBe(34);
    const share = widths.filter(({ time, frequency }) => time > 0 || frequency > 0).length / seeds.length;
    expect(Math.abs(share - 0.8)).toBeLessThan(fiveDeviations(0.8));
  });
});

/** kaistmm/SSLalignment, datasets_lvs.py: `samples = samples[:,0]`. The others are ours: their published readers take mono files. */
describe('of a file with two channels', () => {
  it.each(Object.values(soundPresets))('$name hears the first alone or the mean', async ({ name, clip }) => {
    const second = Array.from({ length: clip.sampleRate }, () => [2 ** 14, 2 ** 13]).flat();
    const file = wavOf(second, { channels: 2, rate: clip.sampleRate });
    const heard = fitClip(await readSound(file, { channel: clip.channel, sampleRate: clip.sampleRate }), clip);
    expect(new Set(heard)).toEqual(new Set([name === 'sslalign' ? 0.5 : 0.375]));
  });
});
