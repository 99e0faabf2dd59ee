import { describe, expect, it } from 'vitest';
import { type RetrievalRanks, recalls, retrievalRanks } from '../../src/metrics/retrieval.js';
import { Random } from '../../src/random.js';
import { sessionRanks } from '../../src/retrieval/product.js';
import { float32 } from '../../src/tensor.js';

const plain = ({ imageToSound, soundToImage }: RetrievalRanks) =>
  [imageToSound, soundToImage].map(({ greater, equal }) => [[...greater], [...equal]]);

const normal = (count: number, seed: number) => {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.normal());
};

/** 300 pairs of 384 numbers, near each other. */
const [N, D] = [300, 384];
const images = normal(N * D, 1);
const noise = normal(N * D, 2);
const sounds = images.map((x, k) => x + 6 * noise[k]!);

describe('ranks from ONNX Runtime', () => {
  it.each([1000, 300, 128, 77])('are those of plain loops, in blocks of at most %i', async (blockSize) => {
    const [v, a] = [float32([N, D], images), float32([N, D], sounds)];
    const expected = await retrievalRanks(v, a);
    expect(plain(await sessionRanks(v, a, { blockSize }))).toEqual(plain(expected));
    expect(recalls(expected.imageToSound)['R@1']).toBeGreaterThan(0.2);
    expect(recalls(expected.imageToSound)['R@10']).toBeLessThan(1);
  });

  it.each([1000, 64, 50])('find every tie, wherever in blocks of at most %i its candidates are', async (blockSize) => {
    // Three times as many pairs as there are different pictures: every sound has three candidates that are exactly equal.
    const copies = new Float32Array(N * D);
    for (let i = 0; i < N; i++) copies.set(images.subarray((i % 100) * D, ((i % 100) + 1) * D), i * D);
    const { imageToSound, soundToImage } = await sessionRanks(float32([N, D], copies), float32([N, D], sounds), { blockSize });
    expect([...soundToImage.equal]).toEqual(Array(N).fill(3));
    expect([...imageToSound.equal]).toEqual(Array(N).fill(1));
  });

  it('do not count what fills up the last block, though it is nearer than a partner at an obtuse angle', async () => {
    const [v, a] = [float32([3, 2], [1, 0, 1, 0, 1, 0]), float32([3, 2], [-1, 0, -1, 1, 0, 1])];
    for (const blockSize of [2, 1024]) {
      expect(plain(await sessionRanks(v, a, { blockSize }))).toEqual([
        [
          [2, 1, 0],
          [1, 1, 1],
        ],
        [
          [0, 0, 0],
          [3, 3, 3],
        ],
      ]);
    }
  });

  it('are not made of embeddings that are none', async () => {
    await expect(sessionRanks(float32([2, 2], [1, 0, 0, 0]), float32([2, 2], [1, 0, 0, 1]))).rejects.toThrow(
      /image embeddings: row 1 of 2 is all zeros/,
    );
  });
});
