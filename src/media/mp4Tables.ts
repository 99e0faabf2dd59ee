/** How many samples an MP4 says it has: FFmpeg makes room for all of them when it opens the file. No Node modules. */
import { MediaError } from './types.js';
import type { ByteRanges } from './wavHeader.js';

/** Pictures and packets of sound of a whole file: a day and more. FFmpeg needs some 70 bytes for each. */
const mostSamples = 2 ** 23;
/** Larger headers than that belong to more samples. */
const mostHeaderBytes = 2 ** 27;
/** FFmpeg keeps plain samples (PCM) together, so many at a time, where each lasts one tick. */
const plainTogether = 1024;

const fourCc = (name: string) => [...name].reduce((value, letter) => value * 256 + letter.charCodeAt(0), 0);
const [trak, stts, stsz, trun, soun, vide, cmov] = ['trak', 'stts', 'stsz', 'trun', 'soun', 'vide', 'cmov'].map(fourCc);

/** What is found of a track, up to where the next one begins. */
interface Track {
  samples: number;
  hasSound: boolean;
  hasPicture: boolean;
  /** Whether all its samples last one tick. */
  isPlain: boolean | undefined;
}

/** The samples of the tables in the boxes between two positions, which FFmpeg finds at any depth (ISO/IEC 14496-12, 8.6, 8.7, 8.8). */
export async function countSamples(file: ByteRanges, from: number, to: number): Promise<number> {
  if (to - from > mostHeaderBytes)
    throw new MediaError('tooLarge', file.name, `a header of ${to - from} bytes is more than the limit of ${mostHeaderBytes}`);
  const bytes = await file.read(from, to - from);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const newTrack = (): Track => ({ samples: 0, hasSound: false, hasPicture: false, isPlain: undefined });
  let track = newTrack();
  const tracks = [track];
  // A name, four bytes of version and flags, and the fields.
  for (let at = 0; at + 20 <= bytes.length; at++) {
    const name = view.getUint32(at);
    if (name === trak) {
      track = newTrack();
      tracks.push(track);
    } else if (name === soun) track.hasSound = true;
    else if (name === vide) track.hasPicture = true;
    else if (name === stts)
      track.isPlain = track.isPlain !== false && view.getUint32(at + 8) === 1 && view.getUint32(at + 16) === 1;
    else if (name === stsz) track.samples += view.getUint32(at + 12);
    else if (name === trun) track.samples += view.getUint32(at + 8);
    else if (name === cmov) throw new MediaError('unsupported', file.name, 'its header is compressed (cmov)');
  }
  const entries = ({ samples, hasSound, hasPicture, isPlain }: Track) =>
    samples / (isPlain && hasSound && !hasPicture ? plainTogether : 1);
  return tracks.reduce((sum, each) => sum + entries(each), 0);
}

/** Throws MediaError 'tooLarge' for more samples than can be made room for. */
export function checkSampleCount(samples: number, name: string): void {
  if (samples > mostSamples)
    throw new MediaError('tooLarge', name, `its tables announce ${Math.floor(samples)} samples, the limit is ${mostSamples}`);
}
