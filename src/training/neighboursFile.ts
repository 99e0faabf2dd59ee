/** Neighbours as safetensors files, so that they are searched once. */
import { loadSafetensors, saveSafetensors } from '../runtime/index.js';
import { showShape, tensor } from '../tensor.js';
import type { Neighbours } from './neighbours.js';

const format = 'earshot-neighbours-1';

/**
 * Writes neighbours, whole or not at all: one int32 tensor 'neighbours' [count, k]. `metadata` says whose they are, the hash of the encoder
 * for example; its key 'format' is taken. Throws an Error, and leaves an earlier file alone, for neighbours that could not be read again.
 */
export async function saveNeighbours(
  path: string,
  { count, k, indices }: Neighbours,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (Object.hasOwn(metadata, 'format')) throw new Error(`${path}: not written, the metadata's key 'format' is taken`);
  const wrong = indices.length === count * k ? problem(count, k, indices) : `${indices.length} indices are not ${count} x ${k}`;
  if (wrong) throw new Error(`${path}: not written, ${wrong}`);
  await saveSafetensors(path, { neighbours: tensor('int32', [count, k], indices) }, { format, ...metadata });
}

/**
 * Reads what `saveNeighbours` wrote, and its metadata. Throws an Error that names the file when it is damaged, of another kind, or holds
 * what cannot be neighbours: a row number out of range, a row that is its own neighbour or has another twice, neighbours that themselves
 * take no part.
 */
export async function loadNeighbours(path: string): Promise<{ neighbours: Neighbours; metadata: Record<string, string> }> {
  const {
    tensors,
    metadata: { format: found, ...metadata },
  } = await loadSafetensors(path);
  if (found !== format)
    throw new Error(`${path} holds no neighbours: its metadata gives format '${found ?? 'none'}', not '${format}'`);
  const { neighbours, ...others } = tensors;
  if (neighbours?.dtype !== 'int32' || neighbours.shape.length !== 2 || Object.keys(others).length > 0) {
    const list = Object.entries(tensors).map(([name, { dtype, shape }]) => `'${name}' ${dtype} ${showShape(shape)}`);
    throw new Error(`${path}: expected one tensor 'neighbours' int32 [count, k], it holds ${list.join(', ') || 'none'}`);
  }
  const [count, k] = neighbours.shape as [number, number];
  const indices = neighbours.data as Int32Array;
  const wrong = problem(count, k, indices);
  if (wrong) throw new Error(`${path}: ${wrong}`);
  return { neighbours: { count, k, indices }, metadata };
}

/** Why these are no neighbours. */
function problem(count: number, k: number, indices: Int32Array): string | undefined {
  if (!(k >= 1 && k < count)) return `each of ${count} rows cannot have ${k} others as neighbours`;
  /** The row that has last named each row. */
  const namedBy = new Int32Array(count).fill(-1);
  for (let row = 0; row < count; row++) {
    const start = row * k;
    const takesPart = indices[start] !== -1;
    for (let i = start; i < start + k; i++) {
      const index = indices[i]!;
      if (!takesPart && index === -1) continue;
      if (!(takesPart && index >= 0 && index < count))
        return `row ${row} has neighbour ${index}, expected ${takesPart ? `0 to ${count - 1}` : '-1, as its first'}`;
      if (index === row) return `row ${row} is its own neighbour`;
      if (namedBy[index] === row) return `row ${row} has neighbour ${index} twice`;
      if (indices[index * k] === -1) return `row ${row} has neighbour ${index}, which has none itself`;
      namedBy[index] = row;
    }
  }
  return undefined;
}
