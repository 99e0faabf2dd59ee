import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitClip } from '../../src/features/clip.js';
import type { ClipSpec } from '../../src/features/spec.js';

const spec: ClipSpec = { sampleRate: 100, channel: 'mix', samples: 7, take: 'start', clamp: false };
const clip = (samples: readonly number[]) => ({ sampleRate: 100, samples: Float32Array.from(samples) });
const counted = (length: number) => clip(Array.from({ length }, (_, i) => i));

describe('fitClip', () => {
  it('repeats what is short, cuts what is long, and takes the slice of that', () => {
    expect([...fitClip(counted(3), spec)]).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect([...fitClip(counted(7), spec)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect([...fitClip(counted(12), spec)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect([...fitClip(counted(12), { ...spec, slice: [2, 5] })]).toEqual([2, 3, 4]);
    expect([...fitClip(counted(3), { ...spec, slice: [4, 7] })]).toEqual([1, 2, 0]);
  });
  it('takes the centre, begun at the sample before it', () => {
    const centre: ClipSpec = { ...spec, take: 'centre' };
    expect([...fitClip(counted(11), centre)]).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect([...fitClip(counted(12), centre)]).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect([...fitClip(counted(12), { ...centre, slice: [6, 7] })]).toEqual([8]);
    expect([...fitClip(counted(2), centre)]).toEqual([0, 1, 0, 1, 0, 1, 0]);
  });
  it('is NumPy tile, slice by slice', () => {
    const arbitrary = fc.record({
      length: fc.integer({ min: 1, max: 40 }),
      samples: fc.integer({ min: 1, max: 60 }),
      cut: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
    });
    fc.assert(
      fc.property(arbitrary, ({ length, samples, cut }) => {
        const [a, b] = cut.map((share) => Math.floor(share * samples)).sort((p, q) => p - q) as [number, number];
        const tiles = Array.from({ length: Math.floor(samples / length) + 1 }, () => [...counted(length).samples]).flat();
        const expected = (length < samples ? tiles : [...counted(length).samples]).slice(0, samples).slice(a, b);
        expect([...fitClip(counted(length), { ...spec, samples, slice: [a, b] })]).toEqual(expected);
      }),
    );
  });
  it('limits to full scale only where the preset does', () => {
    const loud = clip([1.5, -2, 0.25]);
    expect([...fitClip(loud, { ...spec, samples: 3 })]).toEqual([1.5, -2, 0.25]);
    expect([...fitClip(loud, { ...spec, samples: 3, clamp: true })]).toEqual([1, -1, 0.25]);
    expect([...loud.samples]).toEqual([1.5, -2, 0.25]);
  });
  it('takes silence, but not nothing and no other rate', () => {
    expect([...fitClip(clip([0, 0]), spec)]).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(() => fitClip(clip([]), spec)).toThrow(/no samples; leave it out/);
    expect(() => fitClip({ sampleRate: 44100, samples: new Float32Array(9) }, spec)).toThrow(
      /expects sound at 100 Hz, the clip is at 44100 Hz; resample it, or read it with sampleRate: 100/,
    );
  });
});
