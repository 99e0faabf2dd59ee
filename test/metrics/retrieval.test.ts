import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hitsAt,
  type PartnerRanks,
  type RetrievalRanks,
  recallAt,
  recalls,
  retrievalRanks,
} from '../../src/metrics/retrieval.js';
import { Random } from '../../src/random.js';
import { float32 } from '../../src/tensor.js';

type Rows = readonly (readonly number[])[];
const matrix = (rows: Rows) => float32([rows.length, rows[0]!.length], rows.flat());
const ranksOf = (images: Rows, sounds: Rows, options = {}) => retrievalRanks(matrix(images), matrix(sounds), options);
const plain = ({ imageToSound, soundToImage }: RetrievalRanks) =>
  [imageToSound, soundToImage].map(({ greater, equal }) => [[...greater], [...equal]]);

function normalRows(count: number, dimension: number, ...stream: number[]): number[][] {
  const random = new Random(5, ...stream);
  return Array.from({ length: count }, () => Array.from({ length: dimension }, () => random.normal()));
}
/** Sounds that resemble their pictures, so that recalls are neither 0 nor 1. */
const near = (rows: Rows, noise: number, ...stream: number[]) => {
  const other = normalRows(rows.length, rows[0]!.length, 1000, ...stream);
  return rows.map((row, i) => row.map((x, d) => x + noise * other[i]![d]!));
};

const cosine = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, d) => sum + x * b[d]!, 0) / (Math.hypot(...a) * Math.hypot(...b));

/** R@k by sorting all candidates of every query. */
function sortedRecall(queries: Rows, candidates: Rows, k: number): number {
  const found = queries.filter((query, i) =>
    candidates
      .map((candidate, j) => ({ j, similarity: cosine(query, candidate) }))
      .sort((a, b) => b.similarity - a.similarity)
      .slice(0, k)
      .some(({ j }) => j === i),
  );
  return found.length / queries.length;
}

/** Vectors along the axes: all similarities are exactly -1, 0 or 1, and most are ties. */
const axisRow = fc
  .tuple(fc.integer({ min: 0, max: 2 }), fc.constantFrom(-3, -1, 1, 2))
  .map(([axis, length]) => [0, 1, 2].map((d) => (d === axis ? length : 0)));
const axisPairs = fc
  .integer({ min: 1, max: 20 })
  .chain((N) => fc.tuple(fc.array(axisRow, { minLength: N, maxLength: N }), fc.array(axisRow, { minLength: N, maxLength: N })));

describe('recall', () => {
  it('is what sorting all candidates gives', async () => {
    const images = normalRows(150, 8);
    const sounds = near(images, 0.8);
    const ranks = await ranksOf(images, sounds, { blockSize: 64 });
    for (const [k, name] of [1, 5, 10].map((k) => [k, `R@${k}` as 'R@1'] as const)) {
      expect(recalls(ranks.imageToSound)[name]).toBeCloseTo(sortedRecall(images, sounds, k), 12);
      expect(recalls(ranks.soundToImage)[name]).toBeCloseTo(sortedRecall(sounds, images, k), 12);
    }
    expect(recallAt(ranks.imageToSound, 1)).toBeGreaterThan(0.2);
    expect(recallAt(ranks.imageToSound, 10)).toBeLessThan(1);
  });

  it('counts ties exactly, whatever the size of the blocks', () =>
    fc.assert(
      fc.asyncProperty(axisPairs, fc.integer({ min: 1, max: 25 }), async ([images, sounds], blockSize) => {
        const expected = (queries: Rows, candidates: Rows) => {
          const similarity = queries.map((query) => candidates.map((candidate) => Math.round(cosine(query, candidate))));
          return [
            similarity.map((row, i) => row.filter((s) => s > row[i]!).length),
            similarity.map((row, i) => row.filter((s) => s === row[i]!).length),
          ];
        };
        const ranks = await ranksOf(images, sounds, { blockSize });
        expect(plain(ranks)).toEqual([expected(images, sounds), expected(sounds, images)]);
      }),
    ));

  it('is the chance over all orders of the candidates that tie', () => {
    const ranks: PartnerRanks = { greater: Int32Array.of(0, 1, 2, 4), equal: Int32Array.of(1, 3, 4, 1) };
    for (let k = 1; k <= 8; k++)
      expect([...hitsAt(ranks, k)]).toEqual(
        [...ranks.greater].map((g, i) => {
          const places = Array.from({ length: ranks.equal[i]! }, (_, t) => g + t);
          return places.filter((place) => place < k).length / places.length;
        }),
      );
    expect(recallAt(ranks, 2)).toBeCloseTo((1 + 1 / 3 + 0 + 0) / 4, 14);
  });

  it('of embeddings that are all the same is k / N', async () => {
    const rows = Array.from({ length: 40 }, () => [0.3, -0.1, 0.7]);
    const { imageToSound, soundToImage } = await ranksOf(rows, rows, { blockSize: 7 });
    for (const ranks of [imageToSound, soundToImage])
      expect(recalls(ranks)).toEqual({
        'R@1': expect.closeTo(1 / 40, 12),
        'R@5': expect.closeTo(5 / 40, 12),
        'R@10': expect.closeTo(10 / 40, 12),
      });
    expect(recallAt(imageToSound, 60)).toBe(1);
  });

  it('sees that one picture with two sounds is the same picture', async () => {
    const pictures = normalRows(30, 16);
    const images = [...pictures, ...pictures];
    const sounds = normalRows(60, 16, 2);
    const { imageToSound, soundToImage } = await ranksOf(images, sounds, { blockSize: 11 });
    expect([...soundToImage.equal]).toEqual(Array(60).fill(2));
    expect([...imageToSound.equal]).toEqual(Array(60).fill(1));
  });

  it('of a single pair is 1', async () => {
    const { imageToSound, soundToImage } = await ranksOf([[1, 0]], [[-1, 0.5]]);
    expect([recallAt(imageToSound, 1), recallAt(soundToImage, 1)]).toEqual([1, 1]);
  });
});

describe('ranks', () => {
  const images = normalRows(50, 6, 3);
  const sounds = near(images, 1, 3);

  it('change places when the modalities do', async () => {
    const [there, back] = [await ranksOf(images, sounds), await ranksOf(sounds, images)];
    expect(plain(back)).toEqual(plain(there).reverse());
  });

  it('go with the pairs when those are put in another order', () =>
    fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...images.keys()], { minLength: 50 }), async (order) => {
        const before = await ranksOf(images, sounds);
        const after = await ranksOf(
          order.map((i) => images[i]!),
          order.map((i) => sounds[i]!),
          { blockSize: 16 },
        );
        expect(plain(after)).toEqual(plain(before).map((lists) => lists.map((list) => order.map((i) => list[i]!))));
      }),
      { numRuns: 20 },
    ));

  it('do not depend on the lengths of embeddings, even near the limits of float32', async () => {
    const random = new Random(6);
    const lengths = (rows: Rows) =>
      rows.map((row) => {
        const scale = 2 ** (random.below(200) - 100);
        return row.map((x) => x * scale);
      });
    expect(plain(await ranksOf(lengths(images), lengths(sounds)))).toEqual(plain(await ranksOf(images, sounds)));
  });

  it('stay when both modalities are rotated together, and only then', async () => {
    const turned = (rows: Rows, [p, q]: readonly [number, number], angle: number) =>
      rows.map((row) => {
        const copy = [...row];
        copy[p] = row[p]! * Math.cos(angle) - row[q]! * Math.sin(angle);
        copy[q] = row[p]! * Math.sin(angle) + row[q]! * Math.cos(angle);
        return copy;
      });
    const before = plain(await ranksOf(images, sounds));
    for (const [axes, angle] of [
      [[0, 1], 0.4],
      [[2, 5], 2],
      [[4, 3], -1],
    ] as const) {
      expect(plain(await ranksOf(turned(images, axes, angle), turned(sounds, axes, angle)))).toEqual(before);
      expect(plain(await ranksOf(turned(images, axes, angle), sounds))).not.toEqual(before);
    }
  });
});

describe('what cannot be ranked', () => {
  const good = [
    [1, 2],
    [3, 4],
    [5, 6],
  ];

  it.each([
    [
      'a row of zeros',
      [
        [1, 2],
        [0, -0],
        [5, 6],
      ],
      /sound embeddings: row 1 of 3 is all zeros/,
    ],
    [
      'NaN',
      [
        [1, 2],
        [3, 4],
        [Number.NaN, 6],
      ],
      /sound embeddings: row 2 of 3 holds NaN or an infinity/,
    ],
    [
      'an infinity',
      [
        [Number.NEGATIVE_INFINITY, 2],
        [3, 4],
        [5, 6],
      ],
      /sound embeddings: row 0 of 3 holds NaN/,
    ],
    [
      'another number of rows',
      [
        [1, 2],
        [3, 4],
      ],
      /same shape; images have \[3, 2\], sounds \[2, 2\]/,
    ],
    ['another dimension', [[1], [2], [3]], /same shape; images have \[3, 2\], sounds \[3, 1\]/],
  ] as const)('is %s', async (_, sounds, message) => {
    await expect(ranksOf(good, sounds)).rejects.toThrow(message);
  });

  it('is no matrix, or an empty one', async () => {
    await expect(retrievalRanks(float32([3], [1, 2, 3]), matrix(good))).rejects.toThrow(
      /image embeddings: expected \[N, D\].*got \[3\]/,
    );
    await expect(retrievalRanks(matrix(good), float32([0, 2]))).rejects.toThrow(
      /sound embeddings: expected \[N, D\].*got \[0, 2\]/,
    );
  });

  it('is k or a block size below 1 or no whole number', async () => {
    const { imageToSound } = await ranksOf(good, good);
    for (const k of [0, 1.5, Number.NaN]) expect(() => hitsAt(imageToSound, k)).toThrow(/k must be a whole number/);
    await expect(ranksOf(good, good, { blockSize: 0 })).rejects.toThrow(/blockSize must be a whole number/);
  });

  it('is a pair whose similarity is another one each time', async () => {
    const zeros = () => new Float32Array(3);
    const counter = () => ({
      diagonal: Float32Array.of(0.5, 0.25, 1),
      imageGreater: zeros(),
      imageEqual: Float32Array.of(1, 0, 1),
      soundGreater: zeros(),
      soundEqual: Float32Array.of(1, 1, 1),
    });
    await expect(ranksOf(good, good, { counter, blockSize: 3 })).rejects.toThrow(
      /pair 1 was 0.25 at first and another value later/,
    );
  });
});
