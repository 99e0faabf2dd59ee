import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/random.js';
import { saveSafetensors } from '../../src/runtime/index.js';
import { float32, int32, type Tensor, tensor } from '../../src/tensor.js';
import { BestRows } from '../../src/training/bestRows.js';
import { loadNeighbours, type Neighbours, nearestNeighbours, saveNeighbours } from '../../src/training/index.js';
import type { NeighbourOptions } from '../../src/training/neighbours.js';

/** [N, D] from a function of a random stream. */
const drawn = (count: number, dimension: number, seed: number, draw: (random: Random) => number) => {
  const random = new Random(seed);
  return float32(
    [count, dimension],
    Array.from({ length: count * dimension }, () => draw(random)),
  );
};
const normal = (count: number, dimension: number, seed: number) => drawn(count, dimension, seed, (random) => random.normal());
/** Rows of length 4, whose cosines are multiples of 1 / 16 in every arithmetic: with many rows nearly all are ties. */
const signs = (count: number, seed: number) => drawn(count, 16, seed, (random) => (random.uniform() < 0.5 ? -1 : 1));

const rowOf = ({ k, indices }: Neighbours, row: number) => [...indices.subarray(row * k, (row + 1) * k)];
const range = (count: number, step = 1) => Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);

/** Cosines of a row with all others, in float64. */
function cosines({ shape, data }: Tensor<'float32'>, row: number): number[] {
  const dimension = shape[1]!;
  const dot = (i: number, j: number) => {
    let sum = 0;
    for (let d = 0; d < dimension; d++) sum += data[i * dimension + d]! * data[j * dimension + d]!;
    return sum;
  };
  return range(shape[0]!).map((other) => dot(row, other) / Math.sqrt(dot(row, row) * dot(other, other)) || 0);
}

/** The definition. */
function naive(embeddings: Tensor<'float32'>, row: number, k: number, include = range(embeddings.shape[0]!)): number[] {
  const cosine = cosines(embeddings, row);
  const others = include.filter((other) => other !== row).sort((i, j) => i - j);
  return others.sort((i, j) => cosine[j]! - cosine[i]! || i - j).slice(0, k);
}

describe('nearest neighbours', () => {
  it.each([
    { count: 2, k: 1 },
    { count: 7, k: 1000 },
    { count: 300, k: 1 },
    { count: 2048, k: 50 },
    { count: 5000, k: 1 },
    { count: 5000, k: 300 },
  ])('are those of plain loops, ties by the lower row, for $count rows and k = $k', async ({ count, k }) => {
    const embeddings = signs(count, count);
    // Copies within a block and far apart, rows that differ only in length, and rows without direction.
    const { data } = embeddings;
    if (count > 7) {
      for (const [from, to] of [
        [3, 4],
        [3, 200],
        [10, count - 1],
      ] as const)
        data.copyWithin(to * 16, from * 16, from * 16 + 16);
      for (let d = 0; d < 16; d++) data[250 * 16 + d]! *= 1024;
      data.fill(0, 20 * 16, 22 * 16);
    }
    const found = await nearestNeighbours(embeddings, { k });
    expect([found.count, found.k, found.indices.length]).toEqual([count, Math.min(k, count - 1), count * found.k]);
    for (const row of new Set([...range(Math.min(count, 26)), ...range(count, 61), 200, 250, count - 1].filter((r) => r < count)))
      expect(rowOf(found, row), `row ${row}`).toEqual(naive(embeddings, row, k));
  });

  it('are as near as those of plain loops for normally distributed rows, and the same with any number of threads', async () => {
    const [count, k] = [4500, 200];
    const embeddings = normal(count, 48, 1);
    const found = await nearestNeighbours(embeddings, { k, threads: 1 });
    for (const row of range(count, 401)) {
      const cosine = cosines(embeddings, row);
      const list = rowOf(found, row);
      expect(new Set([...list, row]).size).toBe(k + 1);
      naive(embeddings, row, k).forEach((expected, i) => expect(cosine[list[i]!]).toBeCloseTo(cosine[expected]!, 6));
    }
    for (const threads of [2, 3, 7]) expect((await nearestNeighbours(embeddings, { k, threads })).indices).toEqual(found.indices);
  });

  it('are all equally near among copies of one row, wherever they are, which is never its own neighbour', async () => {
    const embeddings = tensor('float32', [5000, 33]);
    const row = normal(1, 33, 3).data;
    for (let i = 0; i < 5000; i++) embeddings.data.set(row, i * 33);
    const found = await nearestNeighbours(embeddings, { k: 3 });
    expect([0, 1, 2, 3, 4, 4999].map((i) => rowOf(found, i))).toEqual([
      [1, 2, 3],
      [0, 2, 3],
      [0, 1, 3],
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ]);
  });

  it('of a row of zeros are at cosine 0: those of lower number', async () => {
    const found = await nearestNeighbours(float32([4, 2], [0, 0, 1, 0, -1, 0.001, 1, 0.1]), { k: 3 });
    expect(range(4).map((row) => rowOf(found, row))).toEqual([
      [1, 2, 3],
      [3, 0, 2],
      [0, 3, 1],
      [1, 0, 2],
    ]);
  });

  it('are found for, and among, the rows that take part; the others may hold anything', async () => {
    const embeddings = signs(6000, 5);
    // In any order.
    const include = range(6000)
      .filter((row) => row % 3 !== 1)
      .reverse();
    embeddings.data.fill(Number.NaN, 16, 32);
    const found = await nearestNeighbours(embeddings, { k: 20, include });
    for (const row of [0, 2, 3, 2999, 5999, 5997]) expect(rowOf(found, row)).toEqual(naive(embeddings, row, 20, include));
    for (const row of [1, 4, 5998]) expect(rowOf(found, row)).toEqual(Array(20).fill(-1));
    expect(await nearestNeighbours(embeddings, { k: 20, include: [7, 5, 3] })).toMatchObject({ count: 6000, k: 2 });
  });

  it('of ever nearer candidates are the last ones', () => {
    const best = new BestRows(1, 10);
    const rising = Float32Array.from(range(1000), (i) => i / 1000 - 0.5);
    const taken = new Int32Array(10);
    best.offer(0, rising, 0, 1000, 70, 999);
    best.take(0, taken, 0);
    expect([...taken]).toEqual(range(10).map((i) => 1068 - i));
    best.clear();
    best.offer(0, rising.reverse(), 0, 1000, 0, -1);
    best.take(0, taken, 0);
    expect([...taken]).toEqual(range(10));
  });

  it('report how far they are', async () => {
    const seen: number[] = [];
    const onProgress = (done: number, total: number) => (expect(total).toBe(4100), seen.push(done));
    await nearestNeighbours(signs(4100, 1), { k: 2, threads: 1, onProgress });
    expect(seen).toEqual([1024, 2048, 3072, 4096, 4100]);
  });

  it('are no longer searched when the signal aborts', async () => {
    const embeddings = signs(5000, 1);
    const stop = new Error('stop');
    await expect(nearestNeighbours(embeddings, { k: 2, signal: AbortSignal.abort(stop) })).rejects.toBe(stop);
    const during = new AbortController();
    let calls = 0;
    const onProgress = () => (calls++, during.abort(stop));
    await expect(nearestNeighbours(embeddings, { k: 2, threads: 1, signal: during.signal, onProgress })).rejects.toBe(stop);
    expect(calls).toBe(1);
    const timed = AbortSignal.timeout(20);
    await expect(nearestNeighbours(normal(20_000, 64, 1), { k: 2, signal: timed })).rejects.toThrow(/timeout/);
  });

  it('reject with what onProgress throws', async () => {
    const onProgress = () => {
      throw new Error('the terminal is gone');
    };
    await expect(nearestNeighbours(signs(5000, 1), { k: 2, onProgress })).rejects.toThrow('the terminal is gone');
  });

  it.each<[string, Tensor<'float32'>, NeighbourOptions, string]>([
    ['one axis', float32([4], [1, 2, 3, 4]), { k: 1 }, 'embeddings must be [N, D], both at least 1, they are [4]'],
    ['no dimension', float32([4, 0], []), { k: 1 }, 'they are [4, 0]'],
    ['one row', float32([1, 2], [1, 2]), { k: 1 }, 'at least two rows must take part, of 1 there are 1'],
    ['k = 0', float32([2, 1], [1, 2]), { k: 0 }, 'k must be a whole number of at least 1, got 0'],
    ['half a thread', float32([2, 1], [1, 2]), { k: 1, threads: 0.5 }, 'threads must be a whole number of at least 1, got 0.5'],
    ['k = 1.5', float32([2, 1], [1, 2]), { k: 1.5 }, 'got 1.5'],
    [
      'a row that is missing',
      float32([2, 1], [1, 2]),
      { k: 1, include: [0, 2] },
      'include names row 2; the embeddings have rows 0 to 1',
    ],
    ['a row twice', float32([3, 1], [1, 2, 3]), { k: 1, include: [2, 0, 2] }, 'include names row 2 twice'],
    ['one row of several', float32([3, 1], [1, 2, 3]), { k: 1, include: [2] }, 'of 3 there are 1'],
    ['NaN', float32([2, 2], [1, 2, 3, Number.NaN]), { k: 1 }, 'row 1 of 2 of the embeddings holds NaN or an infinity'],
    ['an infinity', float32([2, 2], [Number.NEGATIVE_INFINITY, 2, 3, 4]), { k: 1 }, 'row 0 of 2'],
  ])('do not exist for %s', async (_, embeddings, options, message) => {
    await expect(nearestNeighbours(embeddings, options)).rejects.toThrow(message);
  });

  it('of the longest and shortest rows that float32 can hold are found', async () => {
    const [huge, tiny] = [3.4e38, 1e-45];
    const found = await nearestNeighbours(float32([4, 2], [huge, huge, tiny, 0, huge, 0.9 * huge, tiny, tiny]), { k: 1 });
    expect([...found.indices]).toEqual([3, 2, 0, 0]);
  });
});

describe('a file of neighbours', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'earshot-neighbours-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const neighbours = (count: number, k: number, indices: readonly number[]): Neighbours => ({
    count,
    k,
    indices: Int32Array.from(indices),
  });
  const some = neighbours(4, 2, [2, 3, -1, -1, 0, 3, 2, 0]);

  it('gives back what was written, and whose it is', async () => {
    const path = join(folder, 'kept.safetensors');
    await saveNeighbours(path, some, { encoder: 'sha256:1f', of: 'Bücher' });
    expect(await loadNeighbours(path)).toEqual({ neighbours: some, metadata: { encoder: 'sha256:1f', of: 'Bücher' } });
    await saveNeighbours(path, some);
    expect(await loadNeighbours(path)).toEqual({ neighbours: some, metadata: {} });
  });

  it.each([
    ['too few indices', neighbours(4, 2, [1, 2, 3]), '3 indices are not 4 x 2'],
    ['k = 0', neighbours(4, 0, []), 'each of 4 rows cannot have 0 others'],
    ['too many neighbours', neighbours(2, 2, [1, 0, 0, 1]), 'each of 2 rows cannot have 2 others'],
    ['a row beyond the last', neighbours(3, 1, [1, 3, 0]), 'row 1 has neighbour 3, expected 0 to 2'],
    ['a negative row', neighbours(3, 1, [1, -2, 0]), 'row 1 has neighbour -2'],
    ['a row half of which is missing', neighbours(3, 2, [1, -1, 0, 2, 0, 1]), 'row 0 has neighbour -1, expected 0 to 2'],
    ['the other half', neighbours(3, 2, [-1, 1, 0, 2, 0, 1]), 'row 0 has neighbour 1, expected -1, as its first'],
    ['a row itself', neighbours(3, 1, [1, 1, 0]), 'row 1 is its own neighbour'],
    ['a neighbour twice', neighbours(3, 2, [1, 2, 0, 0, 0, 1]), 'row 1 has neighbour 0 twice'],
    ['a neighbour that takes no part', neighbours(3, 1, [1, -1, 0]), 'row 0 has neighbour 1, which has none itself'],
  ])('is neither written nor read with %s', async (_, wrong, message) => {
    const path = join(folder, 'refused.safetensors');
    await saveNeighbours(path, some);
    await expect(saveNeighbours(path, wrong)).rejects.toThrow(`${path}: not written, `);
    await expect(saveNeighbours(path, wrong)).rejects.toThrow(message);
    expect((await loadNeighbours(path)).neighbours).toEqual(some);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const { count, k, indices } = wrong;
    if (indices.length !== count * k) return;
    await saveSafetensors(path, { neighbours: tensor('int32', [count, k], indices) }, { format: 'earshot-neighbours-1' });
    await expect(loadNeighbours(path)).rejects.toThrow(`${path}: ${message}`);
  });

  it('is not written under another format', async () => {
    const path = join(folder, 'format.safetensors');
    await expect(saveNeighbours(path, some, { format: 'mine' })).rejects.toThrow("the metadata's key 'format' is taken");
  });

  it('is refused in one line that names it when it is damaged or of another kind', async () => {
    const path = join(folder, 'other.safetensors');
    const refused = async () => {
      const { message } = await loadNeighbours(path).then(
        () => new Error('was read'),
        (error: Error) => error,
      );
      expect(message.startsWith(path)).toBe(true);
      expect(message).not.toContain('\n');
      return message.slice(path.length);
    };
    const one = int32([2, 1], [1, 0]);
    const format = 'earshot-neighbours-1';
    await saveSafetensors(path, { neighbours: one });
    expect(await refused()).toBe(" holds no neighbours: its metadata gives format 'none', not 'earshot-neighbours-1'");
    await saveSafetensors(path, { neighbours: one, more: one }, { format });
    expect(await refused()).toMatch(/^: expected one tensor 'neighbours' int32 \[count, k\], it holds .*'more' int32 \[2, 1\]/);
    await saveSafetensors(path, { neighbours: float32([2, 1], [1, 0]) }, { format });
    expect(await refused()).toContain("it holds 'neighbours' float32 [2, 1]");
    await saveSafetensors(path, { neighbours: int32([2], [1, 0]) }, { format });
    expect(await refused()).toContain("it holds 'neighbours' int32 [2]");
    await saveSafetensors(path, {}, { format });
    expect(await refused()).toContain('it holds none');
    await saveNeighbours(path, some);
    const { length } = await readFile(path);
    await truncate(path, length - 3);
    expect(await refused()).toContain('truncated');
    await writeFile(path, 'no such thing');
    expect(await refused()).toContain('no safetensors file');
    await expect(loadNeighbours(join(folder, 'missing'))).rejects.toThrow(/ENOENT.*missing/);
  });
});
