/** What bytes seem to be. No Node modules: browsers run it too. */
export type Format = 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'wav' | 'flac' | 'mp3' | 'ogg' | 'mp4' | 'matroska' | 'avi';

const ascii = (bytes: Uint8Array, from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));

/** What else an ISO media file says it is: four letters each, behind the main brand and its version, to the end of the first box. */
const brands = (bytes: Uint8Array): readonly string[] => ascii(bytes, 16, Math.min(bytes[3]!, 64)).match(/.{4}/gs) ?? [];

/** Whether it begins with a box of a film that does not say what it is, as those of old cameras do. Text has no zeros. */
function isBox(bytes: Uint8Array): boolean {
  const name = ascii(bytes, 4, 8);
  const length = bytes.subarray(0, 4).reduce((value, byte) => value * 256 + byte, 0);
  if (length < 8 && length !== 1) return false;
  return ['moov', 'mdat'].includes(name) || (bytes[0] === 0 && ['free', 'wide', 'skip', 'pnot'].includes(name));
}

/**
 * The format that the first bytes announce, whatever the file is called; `mp4` stands for MOV, M4A, HEIC and AVIF sequences too,
 * `matroska` for WebM.
 */
export function sniff(bytes: Uint8Array): Format | undefined {
  const [a, b, c] = bytes;
  if (a === 0xff && b === 0xd8 && c === 0xff) return 'jpeg';
  if (ascii(bytes, 0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (ascii(bytes, 0, 6) === 'GIF87a' || ascii(bytes, 0, 6) === 'GIF89a') return 'gif';
  if (ascii(bytes, 0, 4) === 'fLaC') return 'flac';
  if (ascii(bytes, 0, 4) === 'OggS') return 'ogg';
  if (ascii(bytes, 0, 4) === '\x1a\x45\xdf\xa3') return 'matroska';
  const container = ascii(bytes, 0, 4);
  const kind = ascii(bytes, 8, 12);
  if (['RIFF', 'RF64'].includes(container) && kind === 'WAVE') return 'wav';
  if (container === 'RIFF' && kind === 'WEBP') return 'webp';
  if (container === 'RIFF' && kind === 'AVI ') return 'avi';
  if (ascii(bytes, 4, 8) === 'ftyp')
    return kind === 'avif' || (kind === 'mif1' && brands(bytes).includes('avif')) ? 'avif' : 'mp4';
  if (isBox(bytes)) return 'mp4';
  if (ascii(bytes, 0, 3) === 'ID3' || (a === 0xff && (b! & 0xe6) === 0xe2)) return 'mp3';
  return undefined;
}
