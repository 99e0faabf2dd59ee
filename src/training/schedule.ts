/** Learning-rate schedules: pure functions from the step to a factor on the learning rate. */

/** The factor for a step, counted from 0. */
export type Schedule = (step: number) => number;

export const constant: Schedule = () => 1;

export interface CosineOptions {
  /** Steps of the whole run, warm-up included. */
  steps: number;
  /** Steps of linear warm-up, default none. */
  warmup?: number;
  /** The factor at the end and beyond, default 0. */
  final?: number;
}

/**
 * Linear warm-up, factor (step + 1) / warmup, then half a cosine from 1 down to `final`:
 * final + (1 - final) (1 + cos(pi t)) / 2 with t = (step - warmup) / (steps - warmup). Throws RangeError when the warm-up is no
 * shorter than the run.
 */
export function cosine({ steps, warmup = 0, final = 0 }: CosineOptions): Schedule {
  if (!(warmup >= 0 && warmup < steps))
    throw new RangeError(`cosine: the warm-up of ${warmup} steps must be shorter than the run of ${steps}`);
  return (step) => {
    if (step < warmup) return (step + 1) / warmup;
    const t = Math.min(1, (step - warmup) / (steps - warmup));
    return final + ((1 - final) * (1 + Math.cos(Math.PI * t))) / 2;
  };
}
