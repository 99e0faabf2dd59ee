/** Losses as loops over plain numbers, and gradients as differences. */
import { expect } from 'vitest';
import { type Dense, type Fed, gradients, interpret, type Value } from '../../src/graph/index.js';

export type Rows = readonly (readonly number[])[];

/** A matrix as rows. */
export const rowsOf = ({ shape, data }: Fed): number[][] =>
  Array.from({ length: shape[0]! }, (_, i) =>
    Array.from(data).slice((i * data.length) / shape[0]!, ((i + 1) * data.length) / shape[0]!),
  );

export const transposed = (s: Rows): number[][] => s[0]!.map((_, j) => s.map((row) => row[j]!));
export const average = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
export const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
export const cosines = (a: Rows, b: Rows): number[][] => a.map((x) => b.map((y) => dot(x, y)));

/** -1/B sum_i log( exp(s_ii / tau) / sum_j exp(s_ij / tau) ) */
export function naiveInfoNce(s: Rows, tau: number): number {
  let sum = 0;
  for (const [i, row] of s.entries()) {
    let total = 0;
    for (const x of row) total += Math.exp(x / tau);
    sum += Math.log(Math.exp(row[i]! / tau) / total);
  }
  return -sum / s.length;
}

/** maps [A, D, h, w], sounds [B, D] -> of each picture, of each sound, the values at all positions, row by row. */
export function naiveMaps(maps: Fed, sounds: Fed): number[][][] {
  const [a, d, h, w] = maps.shape as [number, number, number, number];
  const b = sounds.shape[0]!;
  const result: number[][][] = [];
  for (let i = 0; i < a; i++) {
    const ofPicture: number[][] = [];
    for (let j = 0; j < b; j++) {
      const values: number[] = [];
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          let sum = 0;
          for (let k = 0; k < d; k++) sum += maps.data[((i * d + k) * h + y) * w + x]! * sounds.data[j * d + k]!;
          values.push(sum);
        }
      ofPicture.push(values);
    }
    result.push(ofPicture);
  }
  return result;
}

/** The mean of the `count` highest. */
export const topMean = (values: readonly number[], count: number): number =>
  average([...values].sort((x, y) => y - x).slice(0, count));

/** Elements one after the other, within `tolerance` times the largest. */
export function expectNear(found: Dense, wanted: readonly number[], tolerance = 1e-12): void {
  expect(found.data.length).toBe(wanted.length);
  const largest = Math.max(1, ...wanted.map(Math.abs));
  for (const [i, x] of wanted.entries()) expect(Math.abs(found.data[i]! - x) / largest, `element ${i}`).toBeLessThan(tolerance);
}

/** Compares every element of the gradient of a scalar at the given inputs with central differences in float64. */
export function expectGradient(loss: Value, at: readonly Value[], feeds: Readonly<Record<string, Fed>>): void {
  const found = gradients(loss, at);
  const outputs = Object.fromEntries(at.map((leaf, i) => [i, found.get(leaf)!]));
  const values = interpret({ outputs }, feeds);
  const h = 1e-6;
  let largest = 0;
  for (const [i, leaf] of at.entries()) {
    const { name } = (leaf as Value<'input'>).attributes;
    const { shape, data } = feeds[name]!;
    for (let k = 0; k < data.length; k++) {
      const lossAt = (by: number) => {
        const moved = { shape, data: Float64Array.from(data, (x, p) => (p === k ? x + by : x)) };
        return interpret({ outputs: { loss } }, { ...feeds, [name]: moved }).loss!.data[0]!;
      };
      const wanted = (lossAt(h) - lossAt(-h)) / (2 * h);
      const own = values[i]!.data[k]!;
      largest = Math.max(largest, Math.abs(own));
      expect(Math.abs(own - wanted), `${name}[${k}]`).toBeLessThan(1e-7 * (1 + Math.abs(wanted)));
    }
  }
  // A loss that depends on nothing would agree too.
  expect(largest).toBeGreaterThan(1e-4);
}
