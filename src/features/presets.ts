/** The published preprocessing, method by method, as plain values: take one as it is, or copy it and change what you like. */
import type { ClipSpec, PictureSpec, SoundSpec, SpectrogramSpec } from './spec.js';

const seconds = (from: number, to: number): readonly [number, number] => [16000 * from, 16000 * to];

/** `np.log(scipy.signal.spectrogram(x, 16000, nperseg=512, noverlap=512 - hop) + 1e-7) / 12`. */
const scipySpectrogram = (hop: number): SpectrogramSpec => ({
  window: 'tukey',
  segment: 512,
  hop,
  detrend: true,
  centred: false,
  scaling: 'density',
  log: { floor: 1e-7, floorBy: 'add', factor: 1 / 12 },
});

/** 10 log10(max(p, 1e-10)). */
const decibels: SpectrogramSpec['log'] = { floor: 1e-10, floorBy: 'max', factor: 10 / Math.LN10 };

/** The first ten seconds at 16 kHz. */
const tenSeconds: ClipSpec = { sampleRate: 16000, channel: 'mix', samples: 160000, take: 'start', clamp: false };

export const soundPresets = {
  /**
   * [257, 299]. Traps of the published reader: of two channels only the first is heard; the clip is repeated or cut to ten seconds and only
   * the 3 seconds in their middle are used; samples beyond [-1, 1] are limited. Its readers for AVSBench use 5 s and 1-4 s instead.
   */
  sslalign: {
    name: 'sslalign',
    source:
      'Senocak et al., Sound Source Localization is All about Cross-Modal Alignment, ICCV 2023 (kaistmm/SSLalignment, datasets_lvs.py)',
    clip: { ...tenSeconds, channel: 0, slice: seconds(3.5, 6.5), clamp: true },
    spectrogram: scipySpectrogram(159),
  },
  /** [257, 671]. The published reader takes mono files only; here several channels are averaged. Samples are limited to [-1, 1]. */
  lvs: {
    name: 'lvs',
    source:
      'Chen et al., Localizing Visual Sounds the Hard Way, CVPR 2021 (hche11/Localizing-Visual-Sounds-the-Hard-Way, datasets/dataloader.py)',
    clip: { ...tenSeconds, clamp: true },
    spectrogram: scipySpectrogram(238),
  },
  /**
   * [257, 200]: the 3 seconds about the middle, begun at the sample before it when that falls between two. Also SLAVC, FNAC and MarginNCE.
   * The published reader goes through 16 bits divided by 32767, a gain of 1.00003 over what decoders give: 5e-6 in these values.
   */
  ezvsl: {
    name: 'ezvsl',
    source: 'Mo and Morgado, Localizing Visual Sounds the Easy Way, ECCV 2022 (stoneMo/EZ-VSL, datasets.py)',
    clip: { ...tenSeconds, samples: 48000, take: 'centre', clamp: true },
    spectrogram: scipySpectrogram(238),
  },
  /**
   * [64, 1001] (the network of the paper has them transposed). What the pretrained PANNs encoder was made with: torchlibrosa, so librosa's bands,
   * Slaney's scale and norm, over frames centred on every 10 ms, in decibels. The published code takes files as long as they are; ten
   * seconds is the length of VGGSound's.
   */
  avin: {
    name: 'avin',
    source: 'Liu et al., Induction Network, ACM MM 2023 (Tahy1/AVIN, AVIN-RN/dataset.py and models/audnet.py)',
    clip: { sampleRate: 32000, channel: 'mix', samples: 320000, take: 'start', clamp: false },
    spectrogram: {
      window: 'hann',
      segment: 1024,
      hop: 320,
      detrend: false,
      centred: true,
      scaling: 'none',
      mel: { bands: 64, lowHz: 50, highHz: 14000, scale: 'slaney', norm: 'slaney' },
      log: decibels,
    },
  },
  /**
   * [257, 670]: torchaudio's `MelSpectrogram(normalized=True)` and `AmplitudeToDB`, not limited, not divided. Trap: 257 bands over 257
   * frequencies leave many of the low bands without one; they are -100 dB whatever is heard. Files must be mono in the published reader.
   */
  ssltie: {
    name: 'ssltie',
    source:
      'Liu et al., Exploiting Transformation Invariance and Equivariance, ACM MM 2022 (jinxiang-liu/SSL-TIE, datasets/dataloader.py)',
    clip: tenSeconds,
    spectrogram: {
      window: 'hann',
      segment: 512,
      hop: 239,
      detrend: false,
      centred: true,
      scaling: 'window',
      mel: { bands: 257, lowHz: 0, highHz: 8000, scale: 'htk', norm: 'none' },
      log: decibels,
    },
  },
  /**
   * [64, 100], ours, an eighth of EZ-VSL's values: the 3 seconds about the middle, a frame every 30 ms. Level and factor give recordings of
   * animals mean -0.3 and deviation 1; silence is at -1.17.
   */
  laptop: {
    name: 'laptop',
    source: 'earshot',
    clip: { ...tenSeconds, samples: 48000, take: 'centre', clamp: true },
    spectrogram: {
      window: 'hann',
      segment: 1024,
      hop: 480,
      detrend: false,
      centred: true,
      scaling: 'none',
      mel: { bands: 64, lowHz: 60, highHz: 7800, scale: 'htk', norm: 'none' },
      log: { floor: 0.03, floorBy: 'add', factor: 1 / 3 },
      keep: [0, 100],
    },
  },
} as const satisfies Record<string, SoundSpec>;

const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

export const picturePresets = {
  /**
   * `ToTensor`, `Resize((224, 224), BICUBIC)` on the tensor: no antialiasing (torchvision before 0.17), nothing limited, so a bright edge can
   * lie beyond white. Whatever the shape, it becomes a square.
   */
  sslalign: {
    name: 'sslalign',
    source: 'Senocak et al., ICCV 2023 (kaistmm/SSLalignment, datasets_lvs.py)',
    size: 224,
    fit: 'squash',
    resize: 'tensor',
    kernel: 'bicubic',
    ...imageNet,
  },
  /** Pillow: `Resize(224, BICUBIC)` of the short side, `CenterCrop(224)`: what lies near the ends of the long side is never seen. */
  lvs: {
    name: 'lvs',
    source: 'Chen et al., CVPR 2021 (hche11/Localizing-Visual-Sounds-the-Hard-Way, datasets/dataloader.py)',
    size: 224,
    fit: { shortSide: 224 },
    resize: 'pillow',
    kernel: 'bicubic',
    ...imageNet,
  },
  /** Pillow: `Resize((224, 224), BICUBIC)`. */
  ezvsl: {
    name: 'ezvsl',
    source: 'Mo and Morgado, ECCV 2022 (stoneMo/EZ-VSL, datasets.py)',
    size: 224,
    fit: 'squash',
    resize: 'pillow',
    kernel: 'bicubic',
    ...imageNet,
  },
  /** Pillow: `Resize((224, 224))`, whose default is bilinear. */
  avin: {
    name: 'avin',
    source: 'Liu et al., ACM MM 2023 (Tahy1/AVIN, AVIN-RN/dataset.py)',
    size: 224,
    fit: 'squash',
    resize: 'pillow',
    kernel: 'bilinear',
    ...imageNet,
  },
  /** As `lvs`. */
  ssltie: {
    name: 'ssltie',
    source: 'Liu et al., ACM MM 2022 (jinxiang-liu/SSL-TIE, datasets/dataloader.py)',
    size: 224,
    fit: { shortSide: 224 },
    resize: 'pillow',
    kernel: 'bicubic',
    ...imageNet,
  },
  /**
   * Ours: 96 pixels, squashed, so that nothing is cut off. At strides 4 and 8 its maps are 24 and 12 pixels wide, whole 4 x 4 Winograd
   * tiles; those of 112 pixels are 28 and 14, and a step costs half as much again.
   */
  laptop: {
    name: 'laptop',
    source: 'earshot',
    size: 96,
    fit: 'squash',
    resize: 'pillow',
    kernel: 'bicubic',
    ...imageNet,
  },
} as const satisfies Record<string, PictureSpec>;
