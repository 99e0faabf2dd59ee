/** Shifts of sounds and masks of spectrograms. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spectrogramMasks } from '../../src/features/augment/presets.js';
import { maskSpectrogram, shiftClip } from '../../src/features/augment/sound.js';
import type { AudioClip } from '../../src/media/types.js';
import { Random } from '../../src/random.js';

describe('shiftClip', () => {
  const ramp = (count: number, sampleRate = 100): AudioClip => ({
    sampleRate,
    samples: Float32Array.from({ length: count }, (_, i) => i),
  });

  it('turns the sound round by at most the given time, either way, a whole number of samples', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 40 }), (seed, count, most) => {
        const clip = ramp(count);
        const { samples, sampleRate } = shiftClip(clip, { seconds: most / 100 }, new Random(seed));
        expect(sampleRate).toBe(100);
        const first = samples[0]!;
        expect(samples).toEqual(clip.samples.map((_, i) => (first + i) % count));
        expect(Math.min(first, count - first)).toBeLessThanOrEqual(most);
        expect(clip).toEqual(ramp(count));
      }),
    );
  });

  it('draws every shift alike', () => {
    const random = new Random(4);
    const counts = new Map<number, number>();
    for (let i = 0; i < 7000; i++) {
      const first = shiftClip(ramp(50), { seconds: 0.03 }, random).samples[0]!;
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 47, 48, 49]);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });

  it('leaves an empty sound empty and refuses negative seconds', () => {
    expect(shiftClip(ramp(0), { seconds: 1 }, new Random(0)).samples).toHaveLength(0);
    expect(() => shiftClip(ramp(3), { seconds: -1 }, new Random(0))).toThrow('expected seconds of at least 0, got -1');
  });
});

describe('maskSpectrogram', () => {
  /** Rows and columns that are all `fill`, after checking that nothing else is. */
  function masked(values: Float32Array, bins: number, frames: number, fill: number): { bins: number[]; frames: number[] } {
    const filled = (bin: number, frame: number) => values[bin * frames + frame] === fill;
    const allBins = Array.from({ length: bins }, (_, i) => i);
    const allFrames = Array.from({ length: frames }, (_, i) => i);
    const rows = allBins.filter((bin) => allFrames.every((frame) => filled(bin, frame)));
    const columns = allFrames.filter((frame) => allBins.every((bin) => filled(bin, frame)));
    for (const bin of allBins)
      for (const frame of allFrames) expect(filled(bin, frame)).toBe(rows.includes(bin) || columns.includes(frame));
    return { bins: rows, frames: columns };
  }
  const adjacent = (indices: number[]) => indices.every((v, i) => i === 0 || v === indices[i - 1]! + 1);

  it('writes one band of time and one of frequency, each narrower than its width', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(15),
        fc.nat(15),
        (seed, bins, frames, time, frequency) => {
          const values = new Float32Array(bins * frames).fill(1);
          const mask = { time: { width: time }, frequency: { width: frequency }, probability: 1, fill: -9 };
          maskSpectrogram(values, { bins, frames }, mask, new Random(seed));
          const found = masked(values, bins, frames, -9);
          expect(adjacent(found.bins) && adjacent(found.frames)).toBe(true);
          expect(found.frames.length).toBeLessThan(Math.max(1, Math.min(time, frames)));
          expect(found.bins.length).toBeLessThan(Math.max(1, Math.min(frequency, bins)));
        },
      ),
    );
  });

  it('draws widths and places as torchaudio does', () => {
    const random = new Random(2);
    const [bins, frames, draws] = [3, 40, 20_000];
    const widths = new Array<number>(10).fill(0);
    let middle = 0;
    for (let i = 0; i < draws; i++) {
      const values = new Float32Array(bins * frames);
      maskSpectrogram(
        values,
        { bins, frames },
        { time: { width: 10 }, frequency: { width: 0 }, probability: 1, fill: 1 },
        random,
      );
      const row = values.subarray(0, frames);
      const width = row.reduce((a, b) => a + b);
      widths[width]!++;
      if (width > 0) middle += (row.indexOf(1) + width / 2) / draws;
    }
    for (const count of widths) expect(Math.abs(count - draws / 10)).toBeLessThan(5 * Math.sqrt(draws / 10));
    // On average in the middle, but for rounding down by half an element of place and of width.
    expect(Math.abs(middle / 0.9 - 19.25)).toBeLessThan(0.5);
  });

  it('happens with its probability', () => {
    const run = (probability: number) => {
      let count = 0;
      for (let seed = 0; seed < 1000; seed++) {
        const values = new Float32Array(50 * 50);
        maskSpectrogram(
          values,
          { bins: 50, frames: 50 },
          { time: { width: 50 }, frequency: { width: 50 }, probability, fill: 1 },
          new Random(seed),
        );
        if (values.includes(1)) count++;
      }
      return count;
    };
    expect(run(0)).toBe(0);
    // Both bands are empty once in 2500 times.
    expect(run(1)).toBeGreaterThan(990);
    expect(Math.abs(run(0.8) - 800)).toBeLessThan(5 * Math.sqrt(1000 * 0.16));
  });

  it('is a plain value, and repeats with the seed', () => {
    const run = (seed: number) => {
      const values = new Float32Array(40 * 90);
      maskSpectrogram(values, { bins: 40, frames: 90 }, structuredClone(spectrogramMasks.ssltie), new Random(seed));
      return values;
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  it('refuses a spectrogram of another size and negative widths', () => {
    const mask = spectrogramMasks.fnac;
    expect(() => maskSpectrogram(new Float32Array(5), { bins: 2, frames: 3 }, mask, new Random(0))).toThrow(
      '2 bins x 3 frames are 6 values, got 5',
    );
    expect(() =>
      maskSpectrogram(new Float32Array(6), { bins: 2, frames: 3 }, { ...mask, time: { width: -1 } }, new Random(0)),
    ).toThrow('expected a time width of at least 0, got -1');
  });
});
