/** What a JPEG file says about its picture. No Node modules: browsers run it too. */

export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 colours, 4 inks. */
  readonly components: number;
  /** One pass over the picture with 8-bit samples, and no EXIF data, which could ask for a rotation. */
  readonly plain: boolean;
}

const marker = { eoi: 0xd9, sos: 0xda, app1: 0xe1 } as const;
/** Markers of frames; 0xc4, 0xc8 and 0xcc between them mean something else. */
const isFrame = (code: number) => code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);
/** Baseline and extended sequential with Huffman codes. */
const isSequential = (code: number) => code === 0xc0 || code === 0xc1;

/** What stands before a JPEG's first scan; undefined when the bytes end or break off before that. */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let frame: (Omit<JpegHeader, 'plain'> & { sequential: boolean }) | undefined;
  let exif = false;
  let at = 2;
  // A marker is 0xff (any number of times) and a code; a length, which counts itself, and the content follow.
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const code = bytes[at + 1]!;
    if (code === 0xff) {
      at += 1;
      continue;
    }
    const content = at + 4;
    const end = at + 2 + view.getUint16(at + 2);
    if (code === marker.eoi || end < content || end > bytes.length) return undefined;
    if (isFrame(code)) {
      if (end - content < 6) return undefined;
      frame = {
        height: view.getUint16(content + 1),
        width: view.getUint16(content + 3),
        components: bytes[content + 5]!,
        sequential: isSequential(code) && bytes[content] === 8,
      };
    }
    if (code === marker.app1) exif ||= String.fromCharCode(...bytes.subarray(content, content + 4)) === 'Exif';
    if (code === marker.sos) {
      if (!frame) return undefined;
      const { sequential, ...header } = frame;
      return { ...header, plain: sequential && !exif && bytes[content] === header.components };
    }
    at = end;
  }
  return undefined;
}
