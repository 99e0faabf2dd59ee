/** A map of where a sound comes from: [height * width], row by row from the top left, higher where the sound comes from. Any scale. */
export interface HeatMap {
  data: Float32Array;
  height: number;
  width: number;
}
