/** Golden values that other people's programs computed, and how they are compared. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

export interface Plain {
  shape: number[];
  data: number[];
}

/** The content of test/golden/<name>.json; test/golden/<name>.py wrote it. */
export const golden = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as T;

/** Same shape, and no element further off than `tolerance` times the largest. */
export function expectClose(found: { shape: readonly number[]; data: ArrayLike<number> }, expected: Plain, tolerance: number) {
  expect(found.shape).toEqual(expected.shape);
  const scale = Math.max(...expected.data.map(Math.abs), Number.MIN_VALUE);
  const worst = Math.max(0, ...expected.data.map((v, i) => Math.abs(found.data[i]! - v) / scale));
  expect(worst).toBeLessThanOrEqual(tolerance);
}
