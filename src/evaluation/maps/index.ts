/** Heatmaps in files, made by any program. */
import type { HeatMap } from '../../localization/heatMap.js';
import { openArrays } from './arrayFile.js';
import { type ArrayFile, MapFileError, parts, type StoredArray, wholeArray } from './storedArray.js';

export { NpyWriter } from './npyWriter.js';
export { MapFileError } from './storedArray.js';

/** A map, and its sample's id where the file has names. */
export interface NamedMap extends HeatMap {
  name?: string;
}

export interface MapSource {
  /** The file or folder. */
  path: string;
  count: number;
  /** Where the file has an array for each sample: their names, which are the samples' ids. Otherwise the order is that of the annotations. */
  names?: readonly string[];
  /** All maps in the file's order, one after the other, so that a file of any size takes the memory of a few. */
  maps(): AsyncIterable<NamedMap>;
  close(): Promise<void>;
}

/** Side of a map, in pixels; maps in a file. */
const limits = { side: 4096, maps: 10_000_000 };
/** An array of this name in a file of several holds all maps. */
const stacked = ['maps', 'heatmaps'];

/** Height and width of the maps of an array: its last two sizes. */
function mapSize({ where, shape }: StoredArray): { height: number; width: number } {
  const [height = 0, width = 0] = shape.slice(-2);
  if (!(height >= 1 && width >= 1 && height <= limits.side && width <= limits.side))
    throw new MapFileError(`${where}: expected maps of 1 to ${limits.side} pixels a side, its shape is (${shape.join(', ')})`);
  return { height, width };
}

/** An array that holds all maps: [N, h, w], [N, 1, h, w], or [h, w] for one. */
function stackOf(file: ArrayFile, array: StoredArray): MapSource {
  const { where, shape } = array;
  const isStack = shape.length === 3 || (shape.length === 4 && shape[1] === 1);
  if (!isStack && shape.length !== 2)
    throw new MapFileError(`${where}: expected maps [N, h, w], [N, 1, h, w] or [h, w], its shape is (${shape.join(', ')})`);
  const { height, width } = mapSize(array);
  const count = isStack ? shape[0]! : 1;
  if (count < 1 || count > limits.maps) throw new MapFileError(`${where}: expected 1 to ${limits.maps} maps, there are ${count}`);
  return {
    path: file.path,
    count,
    maps: async function* () {
      for await (const data of parts(array, height * width)) yield { data, height, width };
    },
    close: file.close,
  };
}

/** A file with a map for each name: [h, w], or with sizes of 1 before that. */
function namedOf(file: ArrayFile): MapSource {
  return {
    path: file.path,
    count: file.names.length,
    names: file.names,
    maps: async function* () {
      for (const name of file.names) {
        const array = await file.array(name);
        const { height, width } = mapSize(array);
        if (array.shape.slice(0, -2).some((d) => d !== 1))
          throw new MapFileError(
            `${array.where}: expected one map [h, w], its shape is (${array.shape.join(', ')}); ` +
              `an array with all maps is called ${stacked.join(' or ')}`,
          );
        yield { data: await wholeArray(array), height, width, name };
      }
    },
    close: file.close,
  };
}

/**
 * Opens maps: `.npy` with all of them, [N, h, w] in the order of the annotations; `.npz` and `.safetensors` with one such array (the only one,
 * or `maps`) or with an array for each sample, named by its id; or a folder of `.npy` files named by the ids. Elements are float16, 32 or
 * 64, int32 or uint8, and become float32. The values are not looked at.
 *
 * Throws MapFileError, naming the file and the array, for everything else, for damaged files, and for maps larger than 4096 pixels.
 */
export async function openMaps(path: string): Promise<MapSource> {
  const file = await openArrays(path);
  try {
    if (file.names.length === 0) throw new MapFileError(`${path}: there are no arrays in the file`);
    if (file.names.length > limits.maps) throw new MapFileError(`${path}: more than ${limits.maps} arrays`);
    const all = file.names.find((name) => name === '' || stacked.includes(name));
    if (all !== undefined) return stackOf(file, await file.array(all));
    if (file.names.length > 1) return namedOf(file);
    // A single array may be all maps, whatever its name, or that of the only sample.
    const only = await file.array(file.names[0]!);
    return only.shape.length === 2 ? namedOf(file) : stackOf(file, only);
  } catch (error) {
    await file.close();
    throw error;
  }
}
