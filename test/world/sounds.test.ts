/** What the kinds sound like. */
import { describe, expect, it } from 'vitest';
import { fitClip, planOf, SpectrogramKernel, soundPresets } from '../../src/features/index.js';
import { Random } from '../../src/random.js';
import { soundOf } from '../../src/world/clip.js';
import { kinds } from '../../src/world/kinds/index.js';

const { clip } = soundPresets.laptop;
const kernel = new SpectrogramKernel(planOf(soundPresets.laptop));

/** Of each band of the log-mel spectrogram, its mean and how much it changes. */
function featuresOf(kind: (typeof kinds)[number], instance: number): number[] {
  const values = kernel.run(fitClip(soundOf(kind, new Random(3, kind.name, instance)), clip));
  const [bands, frames] = [64, values.length / 64];
  return Array.from({ length: bands }, (_, band) => {
    const row = values.subarray(band * frames, (band + 1) * frames);
    const mean = row.reduce((sum, v) => sum + v, 0) / frames;
    return [mean, Math.sqrt(row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / frames)];
  }).flat();
}

const centred = (features: number[]) => {
  const mean = features.reduce((sum, v) => sum + v, 0) / features.length;
  return features.map((v) => v - mean);
};
const distance = (a: number[], b: number[]) => a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0);

describe.each(kinds)('the sound of a $name', (kind) => {
  it('is of one length or another, finite, heard and never too loud', () => {
    const clips = Array.from({ length: 20 }, (_, i) => soundOf(kind, new Random(1, i)));
    for (const { samples, sampleRate } of clips) {
      expect(sampleRate).toBe(16_000);
      expect(samples.length).toBeGreaterThanOrEqual(16_000);
      expect(samples.length).toBeLessThanOrEqual(24_000);
      expect(samples.every(Number.isFinite)).toBe(true);
      const largest = samples.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
      expect(largest).toBeGreaterThan(0.28);
      expect(largest).toBeLessThan(0.95);
      // Far above the -60 dB at which `prepare` calls a clip silent.
      expect(Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)).toBeGreaterThan(0.005);
    }
    expect(new Set(clips.map(({ samples }) => samples.length)).size).toBeGreaterThan(10);
  });

  it('repeats for a stream, and lasts as long as asked', () => {
    const [a, b] = [1, 1].map((seed) => soundOf(kind, new Random(seed, 'x'), 2).samples);
    expect(a).toHaveLength(32_000);
    expect(a).toEqual(b);
    expect(soundOf(kind, new Random(2, 'x'), 2).samples).not.toEqual(a);
  });
});

it('tells the kind: the nearest of the mean features of each kind is the right one for more than 90 % of new instances', () => {
  const centres = kinds.map((kind) => {
    const instances = Array.from({ length: 30 }, (_, i) => centred(featuresOf(kind, i)));
    return instances[0]!.map((_, k) => instances.reduce((sum, features) => sum + features[k]!, 0) / instances.length);
  });
  const fresh = 30;
  const right = kinds.map((kind, k) => {
    const guesses = Array.from({ length: fresh }, (_, i) => {
      const features = centred(featuresOf(kind, 1000 + i));
      const distances = centres.map((centre) => distance(features, centre));
      return distances.indexOf(Math.min(...distances));
    });
    if (process.env.SHOW)
      console.log(
        kind.name,
        guesses
          .filter((g) => g !== k)
          .map((g) => kinds[g]!.name)
          .join(' '),
      );
    return guesses.filter((guess) => guess === k).length / fresh;
  });
  expect(right.reduce((sum, share) => sum + share, 0) / kinds.length).toBeGreaterThan(0.9);
  // No kind is taken for others as a rule.
  expect(Math.min(...right)).toBeGreaterThan(0.6);
});
