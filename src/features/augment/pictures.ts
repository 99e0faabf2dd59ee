/** Random views of a picture for training, as plain values and as a function. */
import type { Frame } from '../../media/types.js';
import type { Random } from '../../random.js';
import { resizeFrame } from '../kernels/index.js';
import { composePlacements, cropping, mirroring, resizing } from '../placement.js';
import type { Box, PictureSpec, Placement } from '../spec.js';
import { gaussianBlur } from './blur.js';
import { boxBlur } from './boxBlur.js';
import { toGrayscale } from './colour.js';
import { cutFrame, drawResizedCrop, flipFrame } from './crop.js';
import { drawChance, drawWithin, type Range } from './draw.js';
import { type ColourJitter, drawJitter, jitterColours } from './jitter.js';

/** The views of SimCLR and its successors: a random part of the picture, its colours changed, perhaps grey, perhaps blurred. */
export interface SimclrAugmentation {
  kind: 'simclr';
  /** Side of the square result in pixels. */
  size: number;
  /** Share of the picture's area that is kept. */
  scale: Range;
  /** Width / height of what is kept. */
  ratio: Range;
  kernel: PictureSpec['kernel'];
  /** Probability of mirroring left and right. */
  flip: number;
  jitter: { probability: number } & ColourJitter;
  /** Probability. */
  grayscale: number;
  /**
   * Standard deviation in pixels of the result. `gaussian` is cut off so that it spans a tenth of `size`, as in SimCLR; `boxes`
   * is Pillow's approximation, which most PyTorch code uses.
   */
  blur: { probability: number; sigma: Range; by: 'gaussian' | 'boxes' };
}

/** The picture resized to a little more than is needed, and a random square of it. */
export interface CropAugmentation {
  kind: 'crop';
  /** Side of the square result in pixels. */
  size: number;
  /**
   * Pixels before the cut: of the short side, the long side in proportion and its fraction dropped; or of both sides, whatever
   * the picture's shape.
   */
  resized: { shortSide: number } | { squash: number };
  kernel: PictureSpec['kernel'];
  /** Probability of mirroring left and right. */
  flip: number;
}

/** A plain value: it can be kept as JSON and sent to workers. */
export type PictureAugmentation = SimclrAugmentation | CropAugmentation;

export interface AugmentedPicture {
  frame: Frame;
  /** Where the pixels of the given frame are in the new one; some lie outside. */
  placement: Placement;
}

/** Pictures longer than this many times their short side are cut before they are made larger, lest the result be of any size. */
const longest = 16;

/**
 * A random view of a picture, a pure function of its arguments: `frame` is left as it is, and equal streams give equal views.
 * Parameters are distributed as torchvision draws them; given the parameters, every step but the true Gaussian (see gaussianBlur)
 * equals Pillow's byte for byte. Throws RangeError when the augmentation contradicts itself.
 */
export function augmentPicture(frame: Frame, augmentation: PictureAugmentation, random: Random): AugmentedPicture {
  const augmented =
    augmentation.kind === 'simclr' ? simclrView(frame, augmentation, random) : cropView(frame, augmentation, random);
  return drawChance(augmentation.flip, random) ? flipped(augmented) : augmented;
}

/** Everything but the mirroring, which gives the same pixels wherever in the order it comes. */
function simclrView(given: Frame, augmentation: SimclrAugmentation, random: Random): AugmentedPicture {
  const { size, scale, ratio, kernel, jitter, blur } = augmentation;
  checkRange('scale', scale, 1);
  checkRange('ratio', ratio, Infinity);
  checkRange('blur.sigma', blur.sigma, Infinity);
  const box = drawResizedCrop(given.width, given.height, scale, ratio, random);
  let frame = resizeFrame(given, size, size, kernel, box);
  if (drawChance(jitter.probability, random)) jitterColours(frame.rgb, drawJitter(jitter, random));
  if (drawChance(augmentation.grayscale, random)) toGrayscale(frame.rgb);
  if (drawChance(blur.probability, random)) {
    const sigma = drawWithin(blur.sigma, random);
    if (blur.by === 'boxes') boxBlur(frame, sigma);
    else frame = gaussianBlur(frame, sigma, Math.floor(Math.floor(size / 10) / 2));
  }
  const cut = cropping(box);
  return { frame, placement: composePlacements(cut, resizing(cut, frame)) };
}

function cropView(given: Frame, { size, resized: to, kernel }: CropAugmentation, random: Random): AugmentedPicture {
  const squash = 'squash' in to;
  const side = squash ? to.squash : to.shortSide;
  if (!(side >= size))
    throw new RangeError(`augmentPicture: ${size} pixels cannot be cut from a side of ${side}; make 'resized' larger`);
  const part = squash ? ([0, 0, given.width, given.height] as const) : drawPart(given, random);
  const cut = cropping(part);
  const sideOf = (n: number) => (squash ? side : Math.trunc((side * n) / Math.min(cut.width, cut.height)));
  const resized = resizeFrame(given, sideOf(cut.width), sideOf(cut.height), kernel, part);
  const y = random.below(resized.height - size + 1);
  const x = random.below(resized.width - size + 1);
  const box = [x, y, x + size, y + size] as const;
  const placement = composePlacements(composePlacements(cut, resizing(cut, resized)), cropping(box));
  return { frame: cutFrame(resized, box), placement };
}

/** The whole picture, or a random part of one that is too long. */
function drawPart({ width, height }: Frame, random: Random): Box {
  const most = longest * Math.min(width, height);
  if (Math.max(width, height) <= most) return [0, 0, width, height];
  const [w, h] = [Math.min(width, most), Math.min(height, most)];
  const x = random.below(width - w + 1);
  const y = random.below(height - h + 1);
  return [x, y, x + w, y + h];
}

function flipped({ frame, placement }: AugmentedPicture): AugmentedPicture {
  flipFrame(frame);
  return { frame, placement: composePlacements(placement, mirroring(frame)) };
}

function checkRange(name: string, [lowest, highest]: Range, limit: number): void {
  if (!(0 < lowest && lowest <= highest && highest <= limit))
    throw new RangeError(
      `augmentPicture: expected ${name} as [lowest, highest] with 0 < lowest <= highest` +
        `${limit < Infinity ? ` <= ${limit}` : ''}, got [${lowest}, ${highest}]`,
    );
}
