import { LocalizerError } from './localizer.js';

/** A map of where a sound comes from: [height * width], row by row from the top left, higher where the sound comes from. Any scale. */
export interface HeatMap {
  data: Float32Array;
  height: number;
  width: number;
}

/** Throws LocalizerError for a map that nothing can be read off; `name` is the model's. */
export function checkMap({ data }: HeatMap, name: string): void {
  if (!data.every(Number.isFinite))
    throw new LocalizerError(`${name}: its map has values that are no finite numbers: the weights are damaged`);
}
