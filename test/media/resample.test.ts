import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resample } from '../../src/media/resample.js';
import { expectClose, golden } from '../graph/golden.js';

/** The sound of test/golden/resample.py. */
const noise = (length: number) =>
  Float32Array.from({ length }, (_, n) => {
    const s = 43758.5453 * Math.sin(12.9898 * n);
    return s - Math.floor(s) - 0.5;
  });

/** y[m] = sum_n x[n] h[m down + H - n up] as it stands in the docstring, with the window by numeric integration of its definition. */
function resampleNaively(x: Float32Array, up: number, down: number): number[] {
  const period = Math.max(up, down);
  const half = 10 * period;
  // I0(x) = mean over theta of exp(x cos theta); the trapezoidal rule is exact to rounding for a periodic function.
  const bessel = (v: number) =>
    Array.from({ length: 64 }, (_, i) => Math.exp(v * Math.cos((Math.PI * i) / 32))).reduce((a, b) => a + b) / 64;
  const h = Array.from({ length: 2 * half + 1 }, (_, k) => {
    const t = (Math.PI * (k - half)) / period;
    return (k === half ? 1 : Math.sin(t) / t) * bessel(5 * Math.sqrt(1 - ((k - half) / half) ** 2));
  });
  const sum = h.reduce((a, b) => a + b);
  return Array.from({ length: Math.ceil((x.length * up) / down) }, (_, m) =>
    x.reduce((y, v, n) => y + v * (((h[m * down + half - n * up] ?? 0) * up) / sum), 0),
  );
}

const rates = fc.integer({ min: 1, max: 40 });
const sounds = fc.float32Array({ min: -1, max: 1, noNaN: true, minLength: 1, maxLength: 120 });

describe('resample', () => {
  it.each(golden<{ from: number; to: number; samples: number; y: number[] }[]>('resample'))(
    'equals SciPy from $from to $to Hz',
    ({ from, to, samples, y }) => {
      const found = resample(noise(samples), from, to);
      expectClose({ shape: [found.length], data: found }, { shape: [y.length], data: y }, 1e-7);
    },
  );

  it('equals its definition at any ratio', () => {
    fc.assert(
      fc.property(sounds, rates, rates, (x, from, to) => {
        fc.pre(from !== to);
        const common = (a: number, b: number): number => (b ? common(b, a % b) : a);
        const expected = resampleNaively(x, to / common(from, to), from / common(from, to));
        const found = resample(x, from, to);
        expect(found.length).toBe(expected.length);
        found.forEach((v, i) => expect(Math.abs(v - expected[i]!)).toBeLessThan(1e-6));
      }),
    );
  });

  it('is linear', () => {
    fc.assert(
      fc.property(sounds, rates, rates, fc.integer({ min: -4, max: 4 }), (x, from, to, factor) => {
        const scaled = resample(
          Float32Array.from(x, (v) => v * factor),
          from,
          to,
        );
        resample(x, from, to).forEach((v, i) => expect(Math.abs(scaled[i]! - factor * v)).toBeLessThan(1e-5));
      }),
    );
  });

  it.each([
    [44100, 16000],
    [48000, 16000],
    [8000, 16000],
    [16000, 44101],
  ])('keeps a constant away from the edges, from %i to %i Hz', (from, to) => {
    const y = resample(new Float32Array(2000).fill(0.5), from, to);
    const edge = Math.ceil(10 * Math.max(1, to / from));
    // The ripple of a Kaiser window of beta 5 is 53 dB down.
    for (const v of y.subarray(edge, -edge)) expect(Math.abs(v - 0.5)).toBeLessThan(0.5 * 10 ** (-53 / 20));
  });

  it('keeps a tone that both rates hold, in place, and removes one that the lower does not', () => {
    const tone = (hz: number, rate: number, length: number) =>
      Float32Array.from({ length }, (_, n) => Math.sin((2 * Math.PI * hz * n) / rate));
    const low = resample(tone(1000, 44100, 44100), 44100, 16000);
    const expected = tone(1000, 16000, 16000);
    expect(Math.max(...low.slice(20, -20).map((v, i) => Math.abs(v - expected[i + 20]!)))).toBeLessThan(4e-3);
    expect(
      Math.max(
        ...resample(tone(12000, 44100, 44100), 44100, 16000)
          .slice(20, -20)
          .map(Math.abs),
      ),
    ).toBeLessThan(4e-3);
  });

  it('copies where the rates are equal, and gives nothing for nothing', () => {
    const x = noise(9);
    const y = resample(x, 16000, 16000);
    expect(y).toEqual(x);
    y[0] = 7;
    expect(x[0]).not.toBe(7);
    expect(resample(new Float32Array(0), 44100, 16000)).toHaveLength(0);
  });

  it('is the same for the hundredth ratio as for the first, and when it comes back', () => {
    const x = noise(50);
    const first = resample(x, 44101, 16000);
    for (let rate = 16001; rate < 16100; rate++) resample(x, rate, 16000);
    expect(resample(x, 44101, 16000)).toEqual(first);
  });

  it.each([
    [0, 16000],
    [16000, -1],
    [44100.5, 16000],
    [Number.NaN, 16000],
    [1e9, 16000],
  ])('refuses the rates %d and %d', (from, to) => {
    expect(() => resample(noise(3), from, to)).toThrow(
      new RangeError(`expected sample rates in whole Hz from 1 to 1000000, got ${from} and ${to}`),
    );
  });

  it('refuses ratios whose filter, and results whose samples, would fill the memory', () => {
    expect(() => resample(noise(3), 999_983, 16000)).toThrow(/ratio 16000\/999983 in lowest terms/);
    expect(() => resample(new Float32Array(5000), 1, 250_000)).toThrow(/1250000000 would be too many/);
  });
});
