/** Partners that are drawn from neighbours, and neighbours that are looked for once. */
import { cpSync, readdirSync, readFileSync, statSync, truncateSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Loader, type PairSet, readPairs } from '../../src/datasets/index.js';
import { pictureSpecOf, soundSpecOf } from '../../src/features/choice.js';
import type { Encoder, Side } from '../../src/localization/encoder.js';
import { type Tensor, tensor } from '../../src/tensor.js';
import type { Neighbours } from '../../src/training/neighbours.js';
import { findNeighbours, partnersOf, type SearchOptions } from '../../src/training/semanticPositives.js';
import { writeWorld } from '../../src/world/index.js';
import { scratchFolders } from '../datasets/scratch.js';

const newFolder = scratchFolders();

const neighboursOf = (rows: readonly (readonly number[])[]): Neighbours => ({
  count: rows.length,
  k: rows[0]!.length,
  indices: Int32Array.from(rows.flat()),
});
/** Row 3 takes no part. */
const pictures = neighboursOf([
  [1, 2, 4],
  [0, 4, 2],
  [4, 0, 1],
  [-1, -1, -1],
  [2, 1, 0],
]);
const sounds = neighboursOf([[2], [2], [0], [-1], [1]]);
const rowOf = ({ k, indices }: Neighbours, row: number) => [...indices.subarray(row * k, (row + 1) * k)];
const all = [0, 1, 2, 3, 4];
const epochs = Array.from({ length: 40 }, (_, epoch) => epoch);

describe('partnersOf', () => {
  const drawn = (found: Parameters<typeof partnersOf>[0], seed: number, epoch: number) =>
    all.map(partnersOf(found, { sampling: 'random', seed, epoch }));

  it('draws from the neighbours of each side, and every one of them in time', () => {
    for (const index of [0, 1, 2, 4]) {
      const seen = epochs.map((epoch) => drawn({ picture: pictures, sound: sounds }, 1, epoch)[index]!);
      expect(new Set(seen.map(({ picture }) => picture))).toEqual(new Set(rowOf(pictures, index)));
      expect(new Set(seen.map(({ sound }) => sound))).toEqual(new Set(rowOf(sounds, index)));
    }
  });

  it('gives a pair without neighbours itself, and a side that is not given', () => {
    for (const sampling of ['random', 'first'] as const)
      for (const epoch of epochs) {
        const both = partnersOf({ picture: pictures, sound: sounds }, { sampling, seed: 1, epoch });
        expect(both(3)).toEqual({ picture: 3, sound: 3 });
        const one = partnersOf({ sound: sounds }, { sampling, seed: 1, epoch });
        expect(all.map((index) => one(index).picture)).toEqual(all);
        expect(all.map((index) => one(index).sound)).toEqual([2, 2, 0, 3, 1]);
        expect(all.map(partnersOf({ picture: undefined }, { sampling, seed: 1, epoch }))).toEqual(
          all.map((index) => ({ picture: index, sound: index })),
        );
      }
  });

  it('takes the nearest with "first", in every epoch and for every seed', () => {
    for (const seed of [0, 1])
      for (const epoch of epochs) {
        const partners = partnersOf({ picture: pictures, sound: sounds }, { sampling: 'first', seed, epoch });
        expect(all.map((index) => partners(index).picture)).toEqual([1, 0, 4, 3, 2]);
        expect(all.map((index) => partners(index).sound)).toEqual([2, 2, 0, 3, 1]);
      }
  });

  it('repeats its draws for equal seed and epoch, whatever is asked for first', () => {
    const found = { picture: pictures, sound: pictures };
    for (const epoch of epochs) {
      expect(drawn(found, 7, epoch)).toEqual(drawn(found, 7, epoch));
      const partners = partnersOf(found, { sampling: 'random', seed: 7, epoch });
      const backwards = [...all].reverse().map((index) => partners(index));
      expect(backwards.reverse()).toEqual(drawn(found, 7, epoch));
    }
  });

  it('draws differently for another seed, epoch, side and pair', () => {
    const found = { picture: pictures, sound: pictures };
    const placesOf = (seed: number, side: Side, index: number) =>
      epochs.map((epoch) => rowOf(pictures, index).indexOf(drawn(found, seed, epoch)[index]![side]));
    const streams = [1, 2].flatMap((seed) =>
      (['picture', 'sound'] as const).flatMap((side) => [0, 1, 2, 4].map((index) => placesOf(seed, side, index).join())),
    );
    expect(new Set(streams).size).toBe(16);
    for (const stream of streams) expect(new Set(stream.split(',')).size).toBe(3);
  });
});

describe('findNeighbours', () => {
  const count = 12;
  let world: string;
  let pairs: PairSet;
  beforeAll(async () => {
    world = newFolder();
    await writeWorld(world, { train: count, validation: 1, test: 1, size: 48 });
    pairs = await readPairs(join(world, 'train.csv'));
  });

  const views = {
    picture: { picture: pictureSpecOf({ preset: 'laptop', size: 16 }) },
    sound: { sound: soundSpecOf({ preset: 'laptop', seconds: 0.5 }) },
  };
  const batch = 5;
  /** The mean of each channel of pictures, or of each band of sounds. */
  function embedding({ shape, data }: Tensor<'float32'>): Tensor<'float32'> {
    const rows = shape[0]!;
    const dimensions = shape[1] === 1 ? shape[2]! : shape[1]!;
    const size = data.length / rows / dimensions;
    const means = Float32Array.from({ length: rows * dimensions }, (_, i) => {
      let sum = 0;
      for (let j = i * size; j < (i + 1) * size; j++) sum += data[j]!;
      return sum / size;
    });
    return tensor('float32', [rows, dimensions], means);
  }
  const encoder = (side: Side, hash = 'one') => {
    const asked: number[] = [];
    const made: Encoder & { asked: number[] } = {
      asked,
      view: views[side],
      batch,
      hash,
      embed: async (inputs) => {
        asked.push(inputs.shape[0]!);
        return embedding(inputs);
      },
      release: async () => {},
    };
    return made;
  };
  const find = (made: Encoder, side: Side, folder: string, set = pairs, more: Partial<SearchOptions> = {}) =>
    findNeighbours(made, side, set, { k: 3, folder, ...more });

  /** By plain loops, from the loader's own views. */
  async function naive(side: Side, set: PairSet, include: readonly number[], k: number): Promise<number[][]> {
    const loader = new Loader(
      { ...set, pairs: include.map((index) => set.pairs[index]!) },
      {
        views: { view: views[side] },
        batch: include.length,
        shuffle: false,
      },
    );
    const rows: number[][] = [];
    try {
      for await (const { tensors } of loader.epoch(0)) {
        const { shape, data } = embedding(tensors.view!);
        for (let i = 0; i < shape[0]!; i++) rows.push([...data.subarray(i * shape[1]!, (i + 1) * shape[1]!)]);
      }
    } finally {
      await loader.close();
    }
    const dot = (a: number[], b: number[]) => a.reduce((sum, x, d) => sum + x * b[d]!, 0);
    const cosine = (i: number, j: number) =>
      dot(rows[i]!, rows[j]!) / Math.sqrt(dot(rows[i]!, rows[i]!) * dot(rows[j]!, rows[j]!));
    return set.pairs.map((_, index) => {
      const i = include.indexOf(index);
      if (i < 0) return Array(k).fill(-1);
      const others = include.map((_, j) => j).filter((j) => j !== i);
      return others
        .sort((a, b) => cosine(i, b) - cosine(i, a))
        .slice(0, k)
        .map((j) => include[j]!);
    });
  }
  const everybody = Array.from({ length: count }, (_, i) => i);
  const rowsOf = (found: Neighbours) => Array.from({ length: found.count }, (_, row) => rowOf(found, row));

  it.each(['picture', 'sound'] as const)('gives the nearest by what the encoder makes of each %s', async (side) => {
    const made = encoder(side);
    const progress: string[] = [];
    const { neighbours, file } = await find(made, side, newFolder(), pairs, {
      onProgress: (done, total) => progress.push(`${done}/${total}`),
    });
    expect(rowsOf(neighbours)).toEqual(await naive(side, pairs, everybody, 3));
    expect(file).toMatch(new RegExp(`^${side}-[0-9a-f]{32}\\.safetensors$`));
    // Always a whole batch, the last one filled up.
    expect(made.asked).toEqual([batch, batch, batch]);
    expect(progress).toEqual(['5/12', '10/12', '12/12']);
  });

  it('reads what it found before, for the same encoder and data', async () => {
    const folder = join(newFolder(), 'made', 'for', 'it');
    const first = await find(encoder('picture'), 'picture', folder);
    const path = join(folder, first.file);
    const bytes = readFileSync(path);
    utimesSync(path, 1, 1);
    const again = encoder('picture');
    expect(await find(again, 'picture', folder)).toEqual(first);
    expect(again.asked).toEqual([]);
    expect([readFileSync(path), statSync(path).mtimeMs]).toEqual([bytes, 1000]);
    expect(readdirSync(folder)).toEqual([first.file]);
  });

  it('looks again for another encoder, other data, another k and another side', async () => {
    const folder = newFolder();
    const files = new Set<string>();
    const others: [Encoder & { asked: number[] }, Side, PairSet, number][] = [
      [encoder('picture'), 'picture', pairs, 3],
      [encoder('picture', 'two'), 'picture', pairs, 3],
      [encoder('picture'), 'picture', { ...pairs, pairs: pairs.pairs.slice(1) }, 3],
      [encoder('picture'), 'picture', { ...pairs, pairs: [...pairs.pairs].reverse() }, 3],
      [encoder('picture'), 'picture', pairs, 2],
      [encoder('sound'), 'sound', pairs, 3],
    ];
    for (const [made, side, set, k] of others) {
      const { file, neighbours } = await find(made, side, folder, set, { k });
      expect(made.asked.length).toBe(3);
      expect(neighbours).toMatchObject({ count: set.pairs.length, k });
      files.add(file);
    }
    expect(files.size).toBe(others.length);
    expect(readdirSync(folder).sort()).toEqual([...files].sort());
  });

  it('has as many neighbours as there are others', async () => {
    const few = { ...pairs, pairs: pairs.pairs.slice(0, 4) };
    const { neighbours } = await find(encoder('sound'), 'sound', newFolder(), few, { k: 1000 });
    expect(neighbours.k).toBe(3);
    expect(rowsOf(neighbours).map((row) => [...row].sort())).toEqual([
      [1, 2, 3],
      [0, 2, 3],
      [0, 1, 3],
      [0, 1, 2],
    ]);
    const alone = { ...pairs, pairs: pairs.pairs.slice(0, 1) };
    await expect(find(encoder('sound'), 'sound', newFolder(), alone)).rejects.toThrow(/at least two rows/);
  });

  it('leaves out pairs whose files cannot be used; the other side does not mind', async () => {
    const folder = newFolder();
    cpSync(world, folder, { recursive: true });
    const set = await readPairs(join(folder, 'train.csv'));
    for (const i of [0, 7]) truncateSync(set.pairs[i]!.picture.path, 60);
    const good = everybody.filter((i) => i !== 0 && i !== 7);
    const { neighbours } = await find(encoder('picture'), 'picture', newFolder(), set);
    const expected = await naive('picture', set, good, 3);
    expect(rowsOf(neighbours)).toEqual(expected);
    expect([rowOf(neighbours, 0), rowOf(neighbours, 7)]).toEqual([
      [-1, -1, -1],
      [-1, -1, -1],
    ]);
    const partners = partnersOf({ picture: neighbours }, { sampling: 'random', seed: 0, epoch: 0 });
    expect([partners(0).picture, partners(7).picture]).toEqual([0, 7]);
    for (const i of good) expect(good).toContain(partners(i).picture);
    const heard = await find(encoder('sound'), 'sound', newFolder(), set);
    expect(rowsOf(heard.neighbours)).toEqual(await naive('sound', pairs, everybody, 3));
  });

  it('stops when it is told to, and keeps nothing', async () => {
    const folder = newFolder();
    const controller = new AbortController();
    const made = encoder('picture');
    const stop = new Error('stop');
    const searching = find(made, 'picture', folder, pairs, {
      signal: controller.signal,
      onProgress: () => controller.abort(stop),
    });
    await expect(searching).rejects.toThrow(stop);
    expect(made.asked).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
  });
});
