import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpectrogramKernel } from '../../src/features/kernels/index.js';
import type { SpectrogramPlan } from '../../src/features/spec.js';
import { hannWindow, tukeyWindow } from '../../src/graph/index.js';
import { Random } from '../../src/random.js';

const log = { floor: 1e-7, floorBy: 'add', factor: 1 / 12 } as const;

/** A plan of all frames, with density gains at 16 kHz, that single fields then change. */
function planOf(samples: number, segment: number, hop: number, change: Partial<SpectrogramPlan> = {}): SpectrogramPlan {
  const window = change.window ?? tukeyWindow(segment);
  const energy = window.reduce((sum, w) => sum + w * w, 0);
  const gain = Float64Array.from({ length: segment / 2 + 1 }, (_, k) => (k % (segment / 2) === 0 ? 1 : 2) / (16000 * energy));
  const frames = Math.floor((samples + 2 * (change.pad ?? 0) - segment) / hop) + 1;
  const bins = change.mel?.length ?? gain.length;
  return { samples, pad: 0, window, hop, detrend: true, gain, log, firstFrame: 0, bins, frames, ...change };
}

/** The same by the definition, in float64: every frame times every sine and cosine. */
function byDefinition(plan: SpectrogramPlan, samples: Float32Array): Float64Array {
  const { window, hop, pad, mel, gain, frames, bins } = plan;
  const segment = window.length;
  const wave = Float64Array.from({ length: segment }, (_, i) => Math.cos((2 * Math.PI * i) / segment));
  const out = new Float64Array(bins * frames);
  for (let f = 0; f < frames; f++) {
    const frame = Float64Array.from(window, (_, n) => {
      const i = (plan.firstFrame + f) * hop + n - pad;
      return samples[i < 0 ? -i : i < samples.length ? i : 2 * samples.length - 2 - i]!;
    });
    const mean = plan.detrend ? frame.reduce((sum, x) => sum + x, 0) / segment : 0;
    const x = frame.map((v, n) => (v - mean) * window[n]!);
    const power = gain.map((g, k) => {
      let [re, im] = [0, 0];
      for (let n = 0; n < segment; n++) {
        re += x[n]! * wave[(k * n) % segment]!;
        im += x[n]! * wave[(k * n + segment / 4) % segment]!;
      }
      return g * (re * re + im * im);
    });
    for (let b = 0; b < bins; b++) {
      const p = mel ? mel[b]!.reduce((sum, w, k) => sum + w * power[k]!, 0) : power[b]!;
      const { floor, floorBy, factor } = plan.log;
      out[b * frames + f] = factor * Math.log(floorBy === 'add' ? p + floor : Math.max(p, floor));
    }
  }
  return out;
}

const noise = (length: number, amplitude = 1): Float32Array => {
  const random = new Random(length);
  return Float32Array.from({ length }, () => amplitude * (2 * random.uniform() - 1));
};

/** The largest difference from the definition, absolute where the values are small and relative where they are large. */
function worst(plan: SpectrogramPlan, samples: Float32Array): number {
  const expected = byDefinition(plan, samples);
  const actual = new SpectrogramKernel(plan).run(samples);
  expect(actual.length).toBe(plan.bins * plan.frames);
  let most = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    if (!(difference <= most)) most = difference;
  }
  return most;
}

/** `bands` triangles that overlap, one of them empty. */
const triangles = (bands: number, frequencies: number): Float64Array[] =>
  Array.from({ length: bands }, (_, b) =>
    Float64Array.from({ length: frequencies }, (_, k) => {
      const [centre, reach] = [((b + 1) * frequencies) / (bands + 1), frequencies / (bands + 1)];
      return b === 2 ? 0 : Math.max(0, 1 - Math.abs(k - centre) / reach) * (b + 1);
    }),
  );

describe('SpectrogramKernel against the definition', () => {
  for (const segment of [16, 32, 64, 128, 256, 512, 1024, 2048, 4096])
    it(`transforms ${segment} samples`, () => {
      const plan = planOf(segment * 5, segment, segment / 2 - 3);
      expect(worst(plan, noise(segment * 5))).toBeLessThan(2e-6);
    });

  for (const frames of [1, 2, 3, 4, 5, 6, 7, 8, 9])
    it(`makes ${frames} frames`, () => {
      const samples = 256 + (frames - 1) * 100;
      expect(planOf(samples, 256, 100).frames).toBe(frames);
      expect(worst(planOf(samples, 256, 100), noise(samples))).toBeLessThan(1e-6);
    });

  it('takes any samples, hop, padding, kept frames, floor and bands', () => {
    const numbers = fc.record({
      segment: fc.constantFrom(32, 64, 128, 256),
      hop: fc.integer({ min: 1, max: 300 }),
      extra: fc.integer({ min: 0, max: 1500 }),
      pad: fc.integer({ min: 0, max: 400 }),
      first: fc.double({ min: 0, max: 1, noNaN: true }),
      last: fc.double({ min: 0, max: 1, noNaN: true }),
      bands: fc.constantFrom(0, 1, 7, 40),
      floorBy: fc.constantFrom('add', 'max'),
      detrend: fc.boolean(),
    });
    fc.assert(
      fc.property(numbers, ({ segment, hop, extra, pad, first, last, bands, floorBy, detrend }) => {
        const samples = segment + extra;
        const all = planOf(samples, segment, hop, {
          pad: Math.min(pad, samples - 1),
          window: hannWindow(segment),
          detrend,
          log: { floor: 1e-6, floorBy, factor: 10 / Math.LN10 },
          ...(bands > 0 && { mel: triangles(bands, segment / 2 + 1) }),
        });
        const firstFrame = Math.floor(first * (all.frames - 1));
        const plan = { ...all, firstFrame, frames: Math.min(40, 1 + Math.floor(last * (all.frames - firstFrame - 1))) };
        expect(worst(plan, noise(samples))).toBeLessThan(1e-5);
      }),
      { numRuns: 60 },
    );
  });

  const sounds: Record<string, (n: number) => number> = {
    silence: () => 0,
    'a constant': () => 0.7,
    'a constant at full scale': () => -1,
    'one impulse': (n) => (n === 777 ? 1 : 0),
    'the loudest square wave': (n) => (n % 32 < 16 ? 1 : -1),
    'alternating full scale': (n) => (n % 2 === 0 ? 1 : -1),
    'a loud tone': (n) => Math.sin(0.3 * n),
    'a faint tone': (n) => 1e-4 * Math.sin(0.3 * n),
    'a faint tone on a large offset': (n) => 0.9 + 1e-3 * Math.sin(0.3 * n),
  };
  for (const [name, sample] of Object.entries(sounds))
    it(`hears ${name}`, () => {
      const samples = Float32Array.from({ length: 4000 }, (_, n) => sample(n));
      expect(worst(planOf(4000, 512, 238), samples)).toBeLessThan(1e-5);
    });
});

describe('SpectrogramKernel against SciPy', () => {
  /** The sound of test/golden/kernelSpectrogram.py. */
  const samples = new Float32Array(160000);
  for (let n = 0, u = 1; n < samples.length; n++) {
    u = (Math.imul(u, 1103515245) + 12345) & 0x7fffffff;
    samples[n] = ((u % 2 ** 25) - 2 ** 24) / 2 ** 25 + Math.sin((n < samples.length / 2 ? 0.05 : 1.3) * n) / 4 + 0.01;
  }
  const { cases } = JSON.parse(readFileSync(new URL('../golden/kernelSpectrogram.json', import.meta.url), 'utf8'));
  for (const { segment, hop, shape, step, values } of cases)
    it(`agrees on 10 s with segments of ${segment}, hop ${hop}`, () => {
      const plan = planOf(samples.length, segment, hop);
      expect([plan.bins, plan.frames]).toEqual(shape);
      const actual = new SpectrogramKernel(plan).run(samples);
      const worst = Math.max(...values.map((v: number, i: number) => Math.abs(v - actual[i * step]!)));
      expect(worst).toBeLessThan(1e-5);
    });
});

describe('SpectrogramKernel', () => {
  it('keeps nothing from one call to the next, and writes where it is told', () => {
    const [long, short] = [new SpectrogramKernel(planOf(9000, 512, 99)), new SpectrogramKernel(planOf(300, 256, 20))];
    const first = short.run(noise(300));
    long.run(new Float32Array(9000).fill(Number.NaN));
    const out = new Float32Array(first.length);
    expect(short.run(noise(300), out)).toBe(out);
    expect(out).toEqual(first);
  });

  it('refuses plans and buffers that do not fit together', () => {
    const plan = planOf(1000, 256, 100);
    const refused: [Partial<SpectrogramPlan>, string][] = [
      [{ window: new Float64Array(300) }, 'a power of two from 16 to 16384 samples long, got 300'],
      [{ window: new Float64Array(8) }, 'a power of two from 16 to 16384 samples long, got 8'],
      [{ gain: new Float64Array(128) }, 'expected 129 gains, got 128'],
      [{ mel: [new Float64Array(5)] }, 'a band must have 129 weights, got one with 5'],
      [{ bins: 128 }, 'bins must be the number of rows, 129, got 128'],
      [{ hop: 0 }, 'hop and frames must be at least 1, got 0 and 8'],
      [{ hop: 2.5 }, 'hop must be a whole number from 0 on, got 2.5'],
      [{ pad: 1000 }, 'reflecting 1000 samples needs more than that many, there are 1000'],
      [{ frames: 9 }, 'the frames need 1056 samples, there are 1000'],
      [{ log: { ...log, floor: 0 } }, 'the floor must be at least'],
    ];
    for (const [change, message] of refused) expect(() => new SpectrogramKernel({ ...plan, ...change })).toThrow(message);
    const kernel = new SpectrogramKernel(plan);
    expect(() => kernel.run(new Float32Array(999))).toThrow('expected 1000 samples, got 999');
    expect(() => kernel.run(new Float32Array(1000), new Float32Array(1))).toThrow('129 * 8 = 1032 numbers, it holds 1');
  });
});
