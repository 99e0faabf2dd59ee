/** Embeddings as rows of length 1. */
import { showShape, type Tensor } from '../tensor.js';

/** The rows of a matrix divided by their lengths. The matrix is kept, not copied: rows are normalized when they are read. */
export class UnitRows {
  /** Rows. */
  readonly count: number;
  readonly dimension: number;
  readonly #data: Float32Array;
  /** 1 / length of each row. */
  readonly #scales: Float64Array;

  /** `embeddings` is [N, D]; `name` is theirs in messages. Throws RangeError for another shape and for rows that are zero or not finite. */
  constructor({ shape, data }: Tensor<'float32'>, name: string) {
    const [count, dimension] = shape;
    if (shape.length !== 2 || !count || !dimension)
      throw new RangeError(`${name} embeddings: expected [N, D], both at least 1, got ${showShape(shape)}`);
    this.count = count;
    this.dimension = dimension;
    this.#data = data;
    this.#scales = Float64Array.from({ length: count }, (_, row) => {
      let squares = 0;
      for (let k = row * dimension; k < (row + 1) * dimension; k++) squares += data[k]! ** 2;
      if (squares > 0 && squares < Number.POSITIVE_INFINITY) return 1 / Math.sqrt(squares);
      const problem = squares === 0 ? 'is all zeros, which has no direction' : 'holds NaN or an infinity';
      throw new RangeError(`${name} embeddings: row ${row} of ${count} ${problem}`);
    });
  }

  /** Rows `from`, from + 1, ... into `target`, as many as there are and it holds. */
  read(from: number, target: Float32Array | Float64Array): void {
    const { dimension } = this;
    const data = this.#data;
    const rows = Math.min(target.length / dimension, this.count - from);
    for (let i = 0; i < rows; i++) {
      const scale = this.#scales[from + i]!;
      const [source, start] = [(from + i) * dimension, i * dimension];
      for (let d = 0; d < dimension; d++) target[start + d] = data[source + d]! * scale;
    }
  }
}

/** Pairs: row i of both. Throws RangeError as `UnitRows` does, and when the two matrices differ in shape. */
export function unitPairs(images: Tensor<'float32'>, sounds: Tensor<'float32'>): { images: UnitRows; sounds: UnitRows } {
  const pairs = { images: new UnitRows(images, 'image'), sounds: new UnitRows(sounds, 'sound') };
  if (pairs.images.count !== pairs.sounds.count || pairs.images.dimension !== pairs.sounds.dimension)
    throw new RangeError(
      `embeddings of pairs: row i of both is a pair, so both need the same shape; images have ${showShape(images.shape)}, ` +
        `sounds ${showShape(sounds.shape)}`,
    );
  return pairs;
}
