/** Embeddings of pictures and sounds in files, made by any program. */
import { type Tensor, tensor } from '../../tensor.js';
import { openArrays } from './arrayFile.js';
import { MapFileError, wholeArray } from './storedArray.js';

export interface Embeddings {
  /** [N, D] each: row i of both belongs to pair i. */
  image: Tensor<'float32'>;
  sound: Tensor<'float32'>;
}

/** Elements of one array: 4 GB, twice what the largest sets need. */
const maxElements = 2 ** 30;
const names = { image: ['image', 'images', 'picture', 'vision'], sound: ['sound', 'sounds', 'audio'] } as const;

/**
 * Reads a `.npz` or `.safetensors` file with an array `image` and an array `sound` (or `audio`), [N, D] each. Throws MapFileError when one is
 * missing, when they are not of one shape, and for more than 2^30 elements.
 */
export async function readEmbeddings(path: string): Promise<Embeddings> {
  const file = await openArrays(path);
  try {
    const read = async (which: keyof typeof names) => {
      const name = names[which].find((known) => file.names.includes(known));
      if (name === undefined)
        throw new MapFileError(
          `${path}: expected an array '${which}' with embeddings [N, D], there are: ${file.names.join(', ')}`,
        );
      const array = await file.array(name);
      if (array.shape.length !== 2 || array.shape[0]! * array.shape[1]! > maxElements)
        throw new MapFileError(
          `${array.where}: expected embeddings [N, D] of at most 2^30 elements, got (${array.shape.join(', ')})`,
        );
      return tensor('float32', array.shape, await wholeArray(array));
    };
    const [image, sound] = [await read('image'), await read('sound')];
    if (image.shape.join() !== sound.shape.join())
      throw new MapFileError(
        `${path}: image is [${image.shape.join(', ')}] and sound [${sound.shape.join(', ')}]; rows are pairs`,
      );
    return { image, sound };
  } finally {
    await file.close();
  }
}
