/** Retrieval's products on ONNX Runtime. */
import { cast, equal, gather, greater, indices, input, lowerNchw, matMul, reshape, type Value } from '../graph/index.js';
import { type BlockCounter, type RetrievalRanks, retrievalRanks } from '../metrics/retrieval.js';
import { Session, type SessionOptions } from '../runtime/index.js';
import { type Tensor, tensor } from '../tensor.js';

/**
 * `retrievalRanks` on ONNX Runtime: what to use beyond some thousand pairs. Throws as `retrievalRanks` does, and SessionError when
 * the model cannot be loaded or run.
 */
export async function sessionRanks(
  images: Tensor<'float32'>,
  sounds: Tensor<'float32'>,
  { blockSize, ...options }: SessionOptions & { blockSize?: number } = {},
): Promise<RetrievalRanks> {
  let session: Session | undefined;
  const counter: BlockCounter = async (block) => {
    const { size, dimension } = block;
    session ??= await openCounter(size, dimension, options);
    const counts = await session.run({
      images: tensor('float32', [size, dimension], block.images),
      sounds: tensor('float32', [size, dimension], block.sounds),
      imagePartner: tensor('float32', [size, 1], block.imagePartner),
      soundPartner: tensor('float32', [1, size], block.soundPartner),
      countedImages: tensor('float32', [1, size], new Float32Array(size).fill(1, 0, block.imageCount)),
      countedSounds: tensor('float32', [size, 1], new Float32Array(size).fill(1, 0, block.soundCount)),
    });
    const read = (name: string) => counts[name]!.data as Float32Array;
    return {
      diagonal: read('diagonal'),
      imageGreater: read('imageGreater'),
      imageEqual: read('imageEqual'),
      soundGreater: read('soundGreater'),
      soundEqual: read('soundEqual'),
    };
  };
  try {
    return await retrievalRanks(images, sounds, { counter, blockSize });
  } finally {
    await session?.release();
  }
}

/**
 * The product of a block and the counts in it: one graph, because moving the similarities out and counting them elsewhere takes longer
 * than making them.
 */
function openCounter(size: number, dimension: number, options: SessionOptions): Promise<Session> {
  const product = matMul(input('images', [size, dimension]), input('sounds', [size, dimension]), { transposeB: true });
  const imagePartner = input('imagePartner', [size, 1]);
  const soundPartner = input('soundPartner', [1, size]);
  const countedImages = input('countedImages', [1, size]);
  const countedSounds = input('countedSounds', [size, 1]);
  const overSounds = (found: Value) => matMul(cast(found, 'float32'), countedSounds);
  const overImages = (found: Value) => matMul(countedImages, cast(found, 'float32'));
  const onDiagonal = indices(
    [size],
    Array.from({ length: size }, (_, i) => i * (size + 1)),
  );
  const outputs = {
    diagonal: gather(reshape(product, [size * size]), onDiagonal),
    imageGreater: overSounds(greater(product, imagePartner)),
    imageEqual: overSounds(equal(product, imagePartner)),
    soundGreater: overImages(greater(product, soundPartner)),
    soundEqual: overImages(equal(product, soundPartner)),
  };
  return Session.create(lowerNchw({ outputs }, { done: true }), { name: 'retrieval', ...options });
}
