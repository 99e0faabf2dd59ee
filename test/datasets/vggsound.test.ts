import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { annotatedFrameSeconds, clipKey, formatVggSound, parseVggSound, sameVggSoundClip } from '../../src/datasets/vggsound.js';

const video = fc.string({
  unit: fc.constantFrom(...'ABCXYZabcxyz0123456789_-'),
  minLength: 11,
  maxLength: 11,
});

describe('VGGSound names', () => {
  it.each([
    ['---1_cCGK4M_000030', { video: '---1_cCGK4M', start: 30_000, end: 40_000 }],
    ['_123456_000_000100', { video: '_123456_000', start: 100_000, end: 110_000 }],
    ['-0_1_2_3_4__0_10000', { video: '-0_1_2_3_4_', start: 0, end: 10_000 }],
    ['abcdefghijk_1500_11500', { video: 'abcdefghijk', start: 1500, end: 11_500 }],
  ])('%s is taken apart by position', (name, clip) => {
    expect(parseVggSound(name)).toEqual(clip);
  });

  it.each([
    '',
    'abcdefghijk',
    'abcdefghijk_30',
    'abcdefghijk_0000300',
    'abcdefghij_000030',
    'abcdefghi.k_000030',
    'abcdefghijk_5_5',
    'abcdefghijk-000030',
  ])('%j is none', (name) => {
    expect(parseVggSound(name)).toBeUndefined();
    expect(clipKey(name)).toBe(name);
  });

  it('are the same clip in both forms, and back', () => {
    fc.assert(
      fc.property(video, fc.nat(999_999), (id, seconds) => {
        const clip = { video: id, start: 1000 * seconds, end: 1000 * seconds + 10_000 };
        const [short, long] = [formatVggSound(clip, 'seconds'), formatVggSound(clip, 'milliseconds')];
        expect(parseVggSound(short)).toEqual(clip);
        expect(parseVggSound(long)).toEqual(clip);
        expect(sameVggSoundClip(short, long)).toBe(true);
        expect(clipKey(`a/b_c/${short}`)).toBe(`a/b_c/${long}`);
      }),
    );
  });

  it('are different clips for other videos, starts and lengths', () => {
    expect(sameVggSoundClip('abcdefghijk_000030', 'abcdefghijk_000031')).toBe(false);
    expect(sameVggSoundClip('abcdefghijk_000030', 'abcdefghijK_000030')).toBe(false);
    expect(sameVggSoundClip('abcdefghijk_000030', 'abcdefghijk_30000_39000')).toBe(false);
    expect(sameVggSoundClip('dog', 'dog')).toBe(false);
  });

  it('cannot say parts of seconds in the form of seconds', () => {
    expect(() => formatVggSound({ video: 'abcdefghijk', start: 1500, end: 11_500 }, 'seconds')).toThrow(RangeError);
    expect(() => formatVggSound({ video: 'abcdefghijk', start: 1000, end: 3000 }, 'seconds')).toThrow(RangeError);
  });

  it('have the annotated frame at 4.96 seconds', () => {
    expect(annotatedFrameSeconds).toBe(4.96);
  });
});
