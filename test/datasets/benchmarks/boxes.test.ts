import { describe, expect, it } from 'vitest';
import { boxProblem, boxSchema } from '../../../src/datasets/benchmarks/boxes.js';

const frame = { width: 224, height: 100 };
type Box = [number, number, number, number];

describe('boxProblem', () => {
  it.each<Box>([
    [0, 0, 0, 0],
    [0, 0, 224, 100],
    [5, 6, 5, 90],
    [224, 100, 224, 100],
    [3.5, 0, 500, 600],
  ])('accepts %j,%j,%j,%j', (...box) => {
    expect(boxProblem([box], frame)).toBeUndefined();
  });

  it.each<[Box, string]>([
    [[-1, 0, 5, 5], 'a box with negative coordinates: [-1, 0, 5, 5] in a frame of 224 x 100'],
    [[0, 0, 5, -1e-9], 'a box with negative coordinates'],
    [[6, 0, 5, 5], 'a box that ends before it begins'],
    [[0, 6, 5, 5], 'a box that ends before it begins'],
    [[224, 0, 225, 5], 'a box outside the frame'],
    [[0, 100, 5, 101], 'a box outside the frame'],
  ])('refuses %j: %s', (box, message) => {
    expect(boxProblem([[0, 0, 1, 1], box], frame)).toContain(message);
  });

  it('takes negative coordinates as 0 where a format says so', () => {
    const shares = { width: 1, height: 1 };
    const boxes: Box[] = [
      [-0.1, -5, 0.5, 0.5],
      [0.4, 0.4, -2.9e16, 0.6],
      [0.4, 0.4, 0.6, -2.9e16],
    ];
    expect(boxProblem(boxes, shares, { clipped: true })).toBeUndefined();
    expect(boxProblem([[0.4, 0.4, 0, 0.6]], shares, { clipped: true })).toContain('ends before it begins');
    expect(boxProblem([[100, 50, 200, 90]], shares, { clipped: true })).toContain('outside the frame');
  });
});

describe('boxSchema', () => {
  it.each([
    [[1, 2, 3]],
    [[1, 2, 3, 4, 5]],
    [[1, 2, 3, '4']],
    [[1, 2, 3, null]],
    [[1, 2, 3, Number.NaN]],
    [[1, 2, 3, Number.POSITIVE_INFINITY]],
    [{}],
  ])('refuses %j', (box) => {
    expect(boxSchema.safeParse(box).success).toBe(false);
  });
});
