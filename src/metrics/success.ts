/** From the overlap of every sample to the numbers in the tables: shares of samples, and of pictures, that succeed. */

/** 0, 0.05, ... 1, as the published code computes them. */
export const successThresholds: readonly number[] = Array.from({ length: 21 }, (_, i) => 0.05 * i);

/** The share of values that are at least `threshold`: "cIoU" at 0.5. NaN is at no threshold. NaN for no values. */
export function successRate(values: ArrayLike<number>, threshold = 0.5): number {
  let successes = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! >= threshold) successes++;
  return successes / values.length;
}

/** The success rates at `successThresholds`. */
export const successCurve = (values: ArrayLike<number>): number[] => successThresholds.map((t) => successRate(values, t));

/** The area under a curve over `successThresholds`, by trapezoids: "AUC". */
export function areaUnderCurve(curve: readonly number[]): number {
  let area = 0;
  for (let i = 1; i < curve.length; i++)
    area += ((curve[i]! + curve[i - 1]!) / 2) * (successThresholds[i]! - successThresholds[i - 1]!);
  return area;
}

/** What a sample adds to the AUC: the area under its own curve, so that AUC is the mean of these. */
export const areaOfOne = (value: number): number => areaUnderCurve(successThresholds.map((t) => Number(value >= t)));

/**
 * The worst value of each group: a picture succeeds when all of its sounds do, so IIoU is the success rate of these and IAUC the area under
 * their curve (Senocak et al., "Toward Interactive Sound Source Localization", TPAMI 2025). NaN in a group makes it NaN, a failure.
 */
export function worstOfGroups(values: ArrayLike<number>, groups: readonly string[]): Map<string, number> {
  const worst = new Map<string, number>();
  for (let i = 0; i < values.length; i++) worst.set(groups[i]!, Math.min(worst.get(groups[i]!) ?? 1, values[i]!));
  return worst;
}
