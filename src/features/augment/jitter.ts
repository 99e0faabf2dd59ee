/** Random changes of brightness, contrast, saturation and hue: torchvision's ColorJitter. */
import type { Random } from '../../random.js';
import { adjustBrightness, adjustContrast, adjustSaturation } from './colour.js';
import { drawWithin } from './draw.js';
import { adjustHue } from './hue.js';

/**
 * How far each may go: a factor is uniform in [max(0, 1 - x), 1 + x], the hue's shift in [-x, x] turns (at most 0.5). 0 leaves it
 * alone.
 */
export interface ColourJitter {
  brightness: number;
  contrast: number;
  saturation: number;
  hue: number;
}

const operations: { readonly [K in keyof ColourJitter]: (rgb: Uint8Array, amount: number) => void } = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
};

/** One change of a jitter, with the factor or shift that was drawn. */
export interface ColourChange {
  operation: keyof ColourJitter;
  amount: number;
}

/** The changes to make, in random order. Throws RangeError for a negative limit, or a hue's beyond 0.5. */
export function drawJitter(jitter: ColourJitter, random: Random): ColourChange[] {
  const names = ['brightness', 'contrast', 'saturation', 'hue'] as const;
  const changes: ColourChange[] = [];
  for (const operation of names) {
    const limit = jitter[operation];
    if (!(limit >= 0 && (operation !== 'hue' || limit <= 0.5)))
      throw new RangeError(
        `colour jitter: expected ${operation} of at least 0${operation === 'hue' ? ' and at most 0.5' : ''}, got ${limit}`,
      );
    if (limit === 0) continue;
    const amount = drawWithin(operation === 'hue' ? [-limit, limit] : [Math.max(0, 1 - limit), 1 + limit], random);
    // Into a random place among those drawn before: every order is as likely.
    changes.splice(random.below(changes.length + 1), 0, { operation, amount });
  }
  return changes;
}

/** Makes the changes one after the other, in place; `rgb` has three bytes a pixel. */
export function jitterColours(rgb: Uint8Array, changes: readonly ColourChange[]): void {
  for (const { operation, amount } of changes) operations[operation](rgb, amount);
}
