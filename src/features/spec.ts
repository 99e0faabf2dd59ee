/** How sounds and pictures become the tensors that networks see, as plain values: what a preset is. */

/** How a clip of any length becomes exactly the samples that the spectrogram sees. */
export interface ClipSpec {
  /** Hz. */
  sampleRate: number;
  /** Channel of a file with several: the mean of all, or the first, as the published code has it. */
  channel: 'mix' | 0;
  /** Clips shorter than this many samples are repeated until they are that long; longer ones are cut to it. */
  samples: number;
  /** Which part of a longer clip is kept. */
  take: 'start' | 'centre';
  /** [first, end) of those samples that are used; all when not given. */
  slice?: readonly [number, number];
  /** Samples are limited to [-1, 1]. */
  clamp: boolean;
}

/** A log power spectrogram of `ClipSpec`'s samples. */
export interface SpectrogramSpec {
  window: 'tukey' | 'hann';
  /** Samples in a frame; a power of two: it is also the length of the discrete Fourier transform. */
  segment: number;
  /** Samples from one frame's start to the next's. */
  hop: number;
  /** Each frame's mean is removed first. */
  detrend: boolean;
  /** Half a segment is added on either side by reflection (without repeating the edge), so that frames are centred on k * hop. */
  centred: boolean;
  /**
   * What |X|^2 is multiplied with: `density` 1 / (sampleRate * sum w^2), and 2 for bins with a negative twin (SciPy);
   * `window` 1 / sum w^2 (torchaudio `normalized=True`); `none` 1.
   */
  scaling: 'density' | 'window' | 'none';
  /** Triangular bands instead of single frequencies. */
  mel?: { bands: number; lowHz: number; highHz: number; scale: 'htk' | 'slaney'; norm: 'none' | 'slaney' };
  /** y = factor * ln(p + floor), or factor * ln(max(p, floor)). */
  log: { floor: number; floorBy: 'add' | 'max'; factor: number };
  /** [first, end) frames kept, counted from 0; all when not given. */
  keep?: readonly [number, number];
}

/** A spectrogram's numbers worked out, for whoever computes it: the graph fragment and the kernel read the same arrays. */
export interface SpectrogramPlan {
  /** Samples given. */
  samples: number;
  /** Samples reflected at either end. */
  pad: number;
  window: Float64Array;
  hop: number;
  detrend: boolean;
  /** Per frequency, segment / 2 + 1 of them: what |X|^2 is multiplied with. */
  gain: Float64Array;
  /** Rows of weights over frequencies, one a band. */
  mel?: readonly Float64Array[];
  log: SpectrogramSpec['log'];
  /** First frame kept. */
  firstFrame: number;
  /** The result is [bins, frames]. */
  bins: number;
  frames: number;
}

export interface SoundSpec {
  name: string;
  /** Whose preprocessing this is. */
  source: string;
  clip: ClipSpec;
  spectrogram: SpectrogramSpec;
}

/** How a picture becomes a square tensor [3, size, size]. */
export interface PictureSpec {
  name: string;
  source: string;
  /** Pixels. */
  size: number;
  /** `squash`: both sides to `size`, whatever the shape; otherwise the short side to `shortSide` and the centre is cut out. */
  fit: 'squash' | { shortSide: number };
  /**
   * `pillow`: 8-bit with antialiasing and rounding, as Pillow (torchvision on PIL pictures);
   * `tensor`: in floating point without antialiasing, half-pixel centres, bicubic a = -0.75 (torchvision on tensors).
   */
  resize: 'pillow' | 'tensor';
  kernel: 'bilinear' | 'bicubic';
  /** Per channel, of values in [0, 1]: y = (x - mean) / std. */
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
}

/** [x0, y0, x1, y1] in pixels; the origin is the top left corner of the top left pixel, x1 and y1 are exclusive. */
export type Box = readonly [number, number, number, number];

/**
 * Where the pixels of a picture went: x' = scaleX * x + offsetX, y' = scaleY * y + offsetY, in the pixel coordinates of `Box`
 * (corners, not centres); a mirrored picture has a negative scaleX. `width` and `height` are the result's.
 */
export interface Placement {
  scaleX: number;
  scaleY: number;
  offsetX: number;
  offsetY: number;
  width: number;
  height: number;
}
