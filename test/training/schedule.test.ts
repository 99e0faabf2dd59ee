import { describe, expect, it } from 'vitest';
import { constant, cosine } from '../../src/training/schedule.js';

describe('cosine', () => {
  const schedule = cosine({ steps: 110, warmup: 10, final: 0.1 });

  it('rises linearly from the first step', () => {
    expect([0, 4, 9].map(schedule)).toEqual([0.1, 0.5, 1]);
  });
  it('falls along half a cosine to the final factor and stays there', () => {
    expect(schedule(10)).toBe(1);
    expect(schedule(60)).toBeCloseTo(0.55, 12);
    expect(schedule(35)).toBeCloseTo(0.1 + 0.9 * Math.cos(Math.PI / 8) ** 2, 12);
    expect([110, 1000].map(schedule)).toEqual([0.1, 0.1]);
  });
  it('needs no warm-up', () => expect(cosine({ steps: 5 })(0)).toBe(1));
  it('refuses a warm-up that never ends', () => {
    expect(() => cosine({ steps: 10, warmup: 10 })).toThrow(/warm-up of 10 steps must be shorter than the run of 10/);
  });
});

it('constant is 1', () => expect(constant(1e6)).toBe(1));
