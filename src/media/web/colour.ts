/** Decoded pictures of videos as upright RGB. */
/// <reference lib="dom" />
import type { VideoCodec, VideoSample } from 'mediabunny';
import { type Orientation, orient } from '../orientation.js';
import type { Frame } from '../types.js';
import { withoutAlpha } from './pixels.js';
import { type Plane, rgbFromPlanes } from './yuv.js';

/** Weights of red and blue in brightness; BT.601 where a file names none, as on Node. */
const weights: Readonly<Record<string, readonly [number, number]>> = {
  bt709: [0.2126, 0.0722],
  'bt2020-ncl': [0.2627, 0.0593],
};
const bt601 = [0.299, 0.114] as const;

/** What a stream says, or its codec means, beyond what a decoded picture tells. */
export interface StreamColour {
  readonly codec: VideoCodec | null;
  /** As the container names it; browsers would take BT.709 where it does not. */
  readonly matrix: string | null | undefined;
}

/** Codecs whose colour of half the width lies on the left one of its two pixels, unless a file says otherwise; which hardly one does. */
const leftChroma: readonly (VideoCodec | null)[] = ['avc', 'hevc', 'vp8'];

/** Formats of eight bits whose planes are known here: whether colour has half the width and half the height. */
const layouts: Readonly<Record<string, readonly [boolean, boolean]>> = {
  I420: [true, true],
  NV12: [true, true],
  I422: [true, false],
  I444: [false, false],
};

/**
 * The frame that a sample shows, turned as its file asks. YUV of eight bits becomes RGB as on Node; other formats as the browser does it,
 * which may take the colour of the nearest pixel. Pixels that are not square stay as they are stored. The caller closes the sample.
 */
export async function frameOf(sample: VideoSample, stream: StreamColour): Promise<Frame> {
  const { width, height } = sample.visibleRect;
  const frame = { width, height, rgb: await convert(sample, stream) };
  return orient(frame, orientationOf(sample.rotation, sample.flip));
}

async function convert(sample: VideoSample, stream: StreamColour): Promise<Uint8Array> {
  const { width, height } = sample.visibleRect;
  const half = layouts[sample.format ?? ''];
  if (!half) {
    const rgba = new Uint8Array(4 * width * height);
    await sample.copyTo(rgba, { format: 'RGBX' });
    return withoutAlpha(rgba);
  }
  const data = new Uint8Array(sample.allocationSize());
  const layout = await sample.copyTo(data);
  const plane = (number: number, first = 0, step = 1): Plane => {
    const { offset, stride } = layout[number]!;
    return { data, offset: offset + first, stride, step };
  };
  // NV12 has both colour differences in one plane, in turn.
  const [u, v] = sample.format === 'NV12' ? [plane(1, 0, 2), plane(1, 1, 2)] : [plane(1), plane(2)];
  const [kr, kb] = weights[stream.matrix ?? ''] ?? bt601;
  const [halfWidth, halfHeight] = half;
  return rgbFromPlanes({
    width,
    height,
    y: plane(0),
    u,
    v,
    halfWidth,
    halfHeight,
    leftChroma: leftChroma.includes(stream.codec),
    kr,
    kb,
    fullRange: sample.colorSpace.fullRange ?? false,
  });
}

/** Turned clockwise by so many degrees, then mirrored left to right. */
export const orientationOf = (rotation: number, flip: boolean): Orientation => ({
  transposed: rotation % 180 === 90,
  flipX: (rotation === 90 || rotation === 180) !== flip,
  flipY: rotation === 180 || rotation === 270,
});
