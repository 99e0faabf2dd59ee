/** Decoded pictures as upright RGB. */
import type { Frame as Picture, SoftwareScaleContext, Stream } from 'node-av/lib';
import { type Orientation, orient } from '../orientation.js';
import { type Frame, MediaError } from '../types.js';
import type { Input } from './input.js';

/**
 * Turns decoded pictures of one stream into frames. YUV becomes RGB by the matrix and range that the stream names; BT.601 and the
 * limited range where it names none, as ffmpeg and OpenCV assume. Chroma is interpolated bicubically, sums are rounded, transfer
 * curves stay as they are. Pixels that are not square stay as they are stored. The rotation or mirroring of the stream is applied.
 */
export class Colour {
  readonly #scaler: SoftwareScaleContext;
  readonly #target: Picture;
  readonly #orientation: Orientation;

  constructor(
    private readonly input: Input,
    stream: Stream,
  ) {
    const { lib } = input.ffmpeg;
    this.#orientation = orientationOf(input, stream);
    this.#scaler = new lib.SoftwareScaleContext();
    this.#scaler.allocContext();
    this.#scaler.setOption('sws_flags', 'bicubic+accurate_rnd+full_chroma_int');
    this.#target = new lib.Frame();
    this.#target.alloc();
  }

  /** Width and height, upright, of a picture stored with this width and height. */
  upright(width: number, height: number): { width: number; height: number } {
    return this.#orientation.transposed ? { width: height, height: width } : { width, height };
  }

  /** Throws MediaError 'unsupported' when there is no conversion from its pixel format. */
  convert(picture: Picture): Frame {
    const { constants: av, lib } = this.input.ffmpeg;
    const target = this.#target;
    if (target.width !== picture.width || target.height !== picture.height) {
      target.unref();
      target.format = av.AV_PIX_FMT_RGB24;
      target.width = picture.width;
      target.height = picture.height;
      // Rows without gaps.
      lib.FFmpegError.throwIfError(target.getBuffer(1), 'getBuffer');
    }
    if (picture.colorSpace === av.AVCOL_SPC_UNSPECIFIED) picture.colorSpace = av.AVCOL_SPC_SMPTE170M;
    // Both fields of an interlaced picture are taken as one.
    picture.clearFlags(av.AV_FRAME_FLAG_INTERLACED);
    target.colorSpace = av.AVCOL_SPC_RGB;
    target.colorRange = av.AVCOL_RANGE_JPEG;
    target.colorPrimaries = picture.colorPrimaries;
    target.colorTrc = picture.colorTrc;
    const scaled = this.#scaler.scaleFrameSync(target, picture);
    const rgb = target.data?.[0];
    if (scaled < 0 || !rgb)
      throw new MediaError(
        'unsupported',
        this.input.name,
        `its pixel format ${picture.format} cannot become RGB (${lib.FFmpegError.strerror(scaled)})`,
      );
    const { width, height } = picture;
    return orient({ width, height, rgb: rgb.subarray(0, 3 * width * height) }, this.#orientation);
  }

  free(): void {
    this.#target.free();
    this.#scaler.freeContext();
  }
}

/**
 * The display matrix of a stream: nine 32-bit numbers a b u c d v x y w, row by row; (p, q) is shown at (a p + c q, b p + d q). Turns
 * that are no multiple of a quarter are taken as the nearest one.
 */
function orientationOf(input: Input, stream: Stream): Orientation {
  const matrix = stream.codecpar.getCodedSideData(input.ffmpeg.constants.AV_PKT_DATA_DISPLAYMATRIX);
  if (!matrix || matrix.length < 36) return { transposed: false, flipX: false, flipY: false };
  // In the byte order of the machine, as FFmpeg keeps it.
  const view = new DataView(matrix.buffer, matrix.byteOffset);
  const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
  const [a, b, c, d] = [0, 1, 3, 4].map((i) => view.getInt32(4 * i, littleEndian)) as [number, number, number, number];
  const transposed = Math.abs(b) > Math.abs(a);
  return { transposed, flipX: (transposed ? c : a) < 0, flipY: (transposed ? b : d) < 0 };
}
