import { describe, expect, it } from 'vitest';
import { melFilters } from '../../src/features/mel.js';
import { planOf } from '../../src/features/plan.js';
import { picturePresets, soundPresets } from '../../src/features/presets.js';
import type { SoundSpec, SpectrogramSpec } from '../../src/features/spec.js';
import { golden } from '../graph/golden.js';

interface Filters {
  segment: number;
  sampleRate: number;
  mel: NonNullable<SpectrogramSpec['mel']>;
  sums: number[];
  centres: number[];
}

describe('mel filters agree with torchaudio', () => {
  const { filters } = golden<{ filters: Filters[] }>('melSpectrogram');
  it.each(filters)('$mel.bands bands, scale $mel.scale, norm $mel.norm', ({ segment, sampleRate, mel, sums, centres }) => {
    const found = melFilters(mel, sampleRate, segment);
    expect(found).toHaveLength(sums.length);
    const highest = Math.max(...sums);
    found.forEach((row, band) => {
      expect(row).toHaveLength(segment / 2 + 1);
      expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
      const sum = row.reduce((total, w) => total + w, 0);
      const centre = row.reduce((total, w, k) => total + w * k, 0);
      // torchaudio computes in float32: edges of narrow bands are off by up to 1e-5 of their width.
      expect(Math.abs(sum - sums[band]!) / highest, `sum of band ${band}`).toBeLessThan(3e-5);
      expect(Math.abs(centre - centres[band]!) / highest / segment, `centre of band ${band}`).toBeLessThan(3e-5);
    });
  });
  it('are refused outside the spectrum', () => {
    const mel = { bands: 4, lowHz: 0, highHz: 8000, scale: 'htk', norm: 'none' } as const;
    expect(() => melFilters({ ...mel, highHz: 9000 }, 16000, 512)).toThrow(
      /half the sample rate, 8000 Hz; they go from 0 to 9000/,
    );
    expect(() => melFilters({ ...mel, lowHz: 8000 }, 16000, 512)).toThrow(/they go from 8000 to 8000/);
    expect(() => melFilters({ ...mel, bands: 0 }, 16000, 512)).toThrow(/at least one band, got 0/);
  });
});

describe('presets', () => {
  it('have the sizes their papers name', () => {
    const sizes = Object.fromEntries(
      Object.entries(soundPresets).map(([name, spec]) => {
        const { bins, frames } = planOf(spec);
        return [name, [bins, frames]];
      }),
    );
    expect(sizes).toEqual({
      sslalign: [257, 299],
      lvs: [257, 671],
      ezvsl: [257, 200],
      avin: [64, 1001],
      ssltie: [257, 670],
      laptop: [64, 100],
    });
  });
  it('are called what they say, one sound a picture, and can be sent to workers', () => {
    for (const presets of [soundPresets, picturePresets])
      for (const [name, spec] of Object.entries(presets)) {
        expect(spec.name).toBe(name);
        expect(structuredClone(spec)).toEqual(JSON.parse(JSON.stringify(spec)));
      }
    expect(Object.keys(picturePresets)).toEqual(Object.keys(soundPresets));
  });
});

describe('a plan', () => {
  const spec: SoundSpec = soundPresets.laptop;
  const changed = (clip: Partial<SoundSpec['clip']>, spectrogram: Partial<SpectrogramSpec>) =>
    planOf({ ...spec, clip: { ...spec.clip, ...clip }, spectrogram: { ...spec.spectrogram, ...spectrogram } });

  it('counts the frames that are kept', () => {
    expect(changed({}, { keep: undefined }).frames).toBe(101);
    expect(changed({}, { keep: [5, 9] })).toMatchObject({ firstFrame: 5, frames: 4, pad: 512, bins: 64 });
    expect(changed({}, { mel: undefined, centred: false, keep: undefined })).toMatchObject({ frames: 98, pad: 0, bins: 513 });
    expect(changed({ slice: [100, 1700] }, { keep: undefined })).toMatchObject({ samples: 1600, frames: 4 });
  });
  it('doubles what has a negative twin, and only that, in a density', () => {
    const { gain, window } = planOf(soundPresets.lvs);
    const density = 1 / (16000 * window.reduce((sum, w) => sum + w * w, 0));
    expect(gain).toHaveLength(257);
    expect([gain[0], gain[256]]).toEqual([density, density]);
    expect(new Set(gain.slice(1, 256))).toEqual(new Set([2 * density]));
  });
  it('divides by the energy of the window, or by nothing', () => {
    // sum of sin^4 over a period of 512: 3 / 8 each.
    for (const g of planOf(soundPresets.ssltie).gain) expect(g).toBeCloseTo(1 / 192, 12);
    expect(new Set(planOf(soundPresets.avin).gain)).toEqual(new Set([1]));
  });
  it('is refused with the name of the preset and the reason', () => {
    expect(() => changed({}, { segment: 500 })).toThrow(/'laptop': the segment must be a power of two .* it is 500/);
    expect(() => changed({}, { hop: 0.5 })).toThrow(/the hop must be a whole number .* it is 0.5/);
    expect(() => changed({}, { keep: [0, 102] })).toThrow(/frames \[0, 102\) are not among the 101 there are/);
    expect(() => changed({}, { keep: [3, 3] })).toThrow(/frames \[3, 3\)/);
    expect(() => changed({ samples: 512 }, {})).toThrow(/reflecting 512 samples needs more than that many, there are 512/);
    expect(() => changed({ samples: 1000 }, { centred: false })).toThrow(/a segment of 1024 samples does not fit into 1000/);
    expect(() => changed({ slice: [0, 48001] }, {})).toThrow(/slice must be whole samples .* of the 48000 .* it is \[0,48001\]/);
    expect(() => changed({ slice: [9, 9] }, {})).toThrow(/slice must be/);
  });
});
