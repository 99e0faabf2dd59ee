/** Published augmentations, by name. */
import type { PictureAugmentation, SimclrAugmentation } from './pictures.js';
import type { SpectrogramMask } from './sound.js';

/** Chen et al. 2020 (SimCLR) for ImageNet: colour strength 1, true Gaussian blur. */
const simclr: SimclrAugmentation = {
  kind: 'simclr',
  size: 224,
  scale: [0.08, 1],
  ratio: [3 / 4, 4 / 3],
  kernel: 'bicubic',
  flip: 0.5,
  jitter: { probability: 0.8, brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.2 },
  grayscale: 0.2,
  blur: { probability: 0.5, sigma: [0.1, 2], by: 'gaussian' },
};

/** Of pictures. */
export const pictureAugmentations = {
  simclr,
  /** Chen et al. 2020 (MoCo v2) with the larger parts of SSL-TIE (`img_aug moco_v2`): weaker colours, Pillow's blur. */
  mocoV2: {
    ...simclr,
    scale: [0.3, 1],
    kernel: 'bilinear',
    jitter: { probability: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
    blur: { probability: 0.5, sigma: [0.1, 2], by: 'boxes' },
  },
  /** LVS, EZ-VSL, SLAVC, FNAC: short side to int(224 * 1.1) pixels. */
  lvsCrop: { kind: 'crop', size: 224, resized: { shortSide: 246 }, kernel: 'bicubic', flip: 0.5 },
  /** The Induction Network (AVIN). */
  avinCrop: { kind: 'crop', size: 224, resized: { squash: 256 }, kernel: 'bilinear', flip: 0.5 },
} as const satisfies Record<string, PictureAugmentation>;

/** Of spectrograms. */
export const spectrogramMasks = {
  /** SSL-TIE (`aud_aug SpecAug`): masks on the mel powers, whose silence is -100 dB. */
  ssltie: { time: { width: 180 }, frequency: { width: 35 }, probability: 0.8, fill: -100 },
  /**
   * FNAC, whose masks are the logarithm 0, not silence. There a mask may run over the edge, which makes it shorter, and the
   * first bin is drawn from the number of frames; here it lies inside.
   */
  fnac: { time: { width: 10 }, frequency: { width: 10 }, probability: 1, fill: 0 },
} as const satisfies Record<string, SpectrogramMask>;
