import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EpochBatches, shuffledOrder } from '../../src/datasets/loader/order.js';
import { Random } from '../../src/random.js';

const order = (sizes: readonly number[], window: number, seed = 0) => [...shuffledOrder(sizes, window, new Random(seed))];
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);

describe('shuffledOrder', () => {
  it('visits every pair once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1 }), fc.integer({ min: 1, max: 40 }), fc.nat(), (sizes, window, seed) => {
        const count = sizes.reduce((sum, size) => sum + size, 0);
        expect(sorted(order(sizes, window, seed))).toEqual([...Array(count).keys()]);
      }),
    );
  });

  it('is repeatable, and another one for another seed', () => {
    expect(order([50, 50], 20, 1)).toEqual(order([50, 50], 20, 1));
    expect(order([50, 50], 20, 1)).not.toEqual(order([50, 50], 20, 2));
  });

  it('with a window of one reads the shards from beginning to end, in any order', () => {
    const runs = [...Array(12).keys()].map((seed) => order([3, 3, 3], 1, seed));
    for (const run of runs)
      for (const first of [0, 3, 6])
        expect(run.slice(run.indexOf(first), run.indexOf(first) + 3)).toEqual([first, first + 1, first + 2]);
    expect(new Set(runs.map(([first]) => first)).size).toBeGreaterThan(1);
  });

  it('never runs further ahead of the reading than the window', () => {
    const run = order([1000], 10);
    for (const [at, pair] of run.entries()) expect(pair).toBeLessThan(at + 10);
    expect(run).not.toEqual(sorted(run));
  });

  it('with a window of everything puts each pair at each place equally often', () => {
    const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    for (let seed = 0; seed < 4000; seed++) for (const [place, pair] of order([2, 2], 4, seed).entries()) counts[pair]![place]!++;
    // 1000 expected; the standard deviation is 27.
    for (const count of counts.flat()) expect(Math.abs(count - 1000)).toBeLessThan(140);
  });
});

/** The batches of an epoch over `count` pairs, each as its pairs, with what the slots really hold; `ahead` batches are started early. */
async function run(count: number, size: number, last: 'drop' | 'keep', bad: ReadonlySet<number>, ahead = 0) {
  const batches = new EpochBatches(Int32Array.from(Array(count).keys()), size, last);
  const started: number[][] = [];
  const found: number[][] = [];
  for (let b = 0; ; b++) {
    while (started.length <= b + ahead) started.push([...batches.pairs(started.length)]);
    const slots = started[b]!;
    const failed = new Set([...slots.keys()].filter((slot) => bad.has(slots[slot]!)));
    const pairs = await batches.settle(b, failed, {
      fill: async (slot, index) => {
        slots[slot] = index;
        return !bad.has(index);
      },
      move: (from, to) => (slots[to] = slots[from]!),
    });
    if (pairs.length === 0) return found;
    expect(slots.slice(0, pairs.length)).toEqual([...pairs]);
    found.push([...pairs]);
  }
}

describe('EpochBatches', () => {
  it('fills the place of a bad pair with the last pair of the epoch', async () => {
    expect(await run(8, 2, 'drop', new Set())).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ]);
    expect(await run(8, 2, 'drop', new Set([1]))).toEqual([
      [0, 7],
      [2, 3],
      [4, 5],
    ]);
    expect(await run(8, 2, 'keep', new Set([1]))).toEqual([[0, 7], [2, 3], [4, 5], [6]]);
    expect(await run(8, 2, 'keep', new Set([0, 7]))).toEqual([
      [6, 1],
      [2, 3],
      [4, 5],
    ]);
    expect(await run(3, 2, 'keep', new Set([0, 1, 2]))).toEqual([]);
  });

  it('uses every good pair once, keeps batches full, and does not depend on how far ahead was read', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 7 }),
        fc.uniqueArray(fc.nat(29), { maxLength: 12 }),
        fc.nat(4),
        async (count, size, badPairs, ahead) => {
          const bad = new Set(badPairs);
          const good = [...Array(count).keys()].filter((pair) => !bad.has(pair));
          const kept = await run(count, size, 'keep', bad);
          expect(sorted(kept.flat())).toEqual(good);
          expect(await run(count, size, 'keep', bad, ahead)).toEqual(kept);
          for (const batch of kept.slice(0, -1)) expect(batch).toHaveLength(size);
          const full = kept.filter((batch) => batch.length === size);
          expect(await run(count, size, 'drop', bad, ahead)).toEqual(full);
        },
      ),
      { numRuns: 300 },
    );
  });
});
