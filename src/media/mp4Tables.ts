/**
 * The boxes of an MP4 or MOV (ISO/IEC 14496-12, 4.2): where they end, and how many samples their tables announce, for all of which
 * FFmpeg makes room when it opens the file. Only headers are read. No Node modules: browsers run it too.
 */
import { type ByteWalk, bytesOf } from './byteWalk.js';
import { MediaError } from './types.js';

/** Pictures and packets of sound of a whole file: a day and more. FFmpeg needs some 70 bytes for each. */
const mostSamples = 2 ** 23;
/** Far more than the fragments of a day's recording have. */
const mostTopBoxes = 2 ** 17;
const mostBoxes = 2 ** 20;
/** FFmpeg follows no box deeper than that. */
const deepest = 12;
/** FFmpeg keeps plain samples (PCM) together, so many at a time, where each lasts one tick. */
const plainTogether = 1024;

/** Boxes of nothing but boxes, where FFmpeg takes tables from. */
const parents = new Set(
  'moov trak mdia minf stbl moof traf mvex edts dinf gmhd tref tapt udta ilst wave sinf schi hoov iprp ipco'.split(' '),
);
/** Where the boxes of a sample description may begin: behind its fields for a picture, and for sound by their three versions. */
const describedAt = [86, 36, 52, 72];

/** What is found of a track, up to where the next one begins. */
interface Track {
  samples: number;
  hasSound: boolean;
  hasPicture: boolean;
  /** Whether all its samples last one tick. */
  isPlain: boolean | undefined;
}
const newTrack = (): Track => ({ samples: 0, hasSound: false, hasPicture: false, isPlain: undefined });

interface Box {
  readonly name: string;
  /** Where it begins, its content begins, and it ends. */
  readonly from: number;
  readonly content: number;
  readonly to: number;
}

/**
 * The boxes between two positions. The last one may end beyond `to`; what is no box there ends it, and so does a header that is cut
 * off, which counts as a box without a name that goes on beyond.
 */
async function* boxesOf(walk: ByteWalk, from: number, to: number): AsyncGenerator<Box> {
  for (let at = from; at < to; ) {
    const header = await walk.at(at, Math.min(16, to - at));
    const short = header.byteLength < 8 ? undefined : header.getUint32(0);
    if (short === undefined || (short === 1 && header.byteLength < 16)) {
      yield { name: '', from: at, content: to, to: to + 1 };
      return;
    }
    // 0: to the end; 1: the size follows in 64 bits.
    const length = short === 1 ? Number(header.getBigUint64(8)) : short === 0 ? to - at : short;
    const head = short === 1 ? 16 : 8;
    if (length < head) return;
    yield { name: String.fromCharCode(...bytesOf(header).subarray(4, 8)), from: at, content: at + head, to: at + length };
    at += length;
  }
}

/**
 * Where the last top-level box ends, or undefined where what follows is no box. Throws MediaError 'tooLarge' for more boxes, or samples
 * in their tables, than any film has, and 'unsupported' for a compressed header.
 */
export async function endOfBoxes(walk: ByteWalk, name: string): Promise<number | undefined> {
  const tables = new Tables(walk, name);
  let [end, boxes] = [0, 0];
  for await (const box of boxesOf(walk, 0, walk.size)) {
    if (++boxes > mostTopBoxes) throw new MediaError('tooLarge', name, `it has more than ${mostTopBoxes} boxes`);
    end = box.to;
    if (end > walk.size) return end;
    await tables.enter(box, 0);
    tables.checkSamples();
  }
  return end < walk.size ? undefined : end;
}

/** Counts the samples of the tables (ISO/IEC 14496-12, 8.6, 8.7, 8.8) in the boxes it enters, at any depth, as FFmpeg finds them. */
class Tables {
  #boxes = 0;
  /** Samples of the tracks before. */
  #before = 0;
  #track = newTrack();

  constructor(
    private readonly walk: ByteWalk,
    private readonly name: string,
  ) {}

  async enter(box: Box, depth: number): Promise<void> {
    this.#step();
    if (depth > deepest) return;
    if (box.name === 'trak') {
      this.#before += entriesOf(this.#track);
      this.#track = newTrack();
    }
    if (parents.has(box.name) || (await this.#isHidden(box))) await this.#enterAll(box.content, box.to, depth);
    else if (box.name === 'meta') await this.#enterAll(await this.#afterFields(box), box.to, depth);
    else if (box.name === 'stsd')
      for await (const { from, to } of boxesOf(this.walk, box.content + 8, box.to))
        for (const skip of describedAt) await this.#enterAll(from + skip, Math.min(to, box.to), depth);
    else if (box.name === 'cmov') throw new MediaError('unsupported', this.name, 'its header is compressed (cmov)');
    else await this.#count(box);
  }

  #step(): void {
    if (++this.#boxes > mostBoxes) throw new MediaError('tooLarge', this.name, `its headers have more than ${mostBoxes} boxes`);
  }

  async #enterAll(from: number, to: number, depth: number): Promise<void> {
    for await (const box of boxesOf(this.walk, from, to)) await this.enter({ ...box, to: Math.min(box.to, to) }, depth + 1);
  }

  /** FFmpeg tries boxes that are marked as free, when nothing else is there, if they begin as a film's header does. */
  async #isHidden({ name, content, to }: Box): Promise<boolean> {
    if (name !== 'free' || to - content < 8) return false;
    return ['mvhd', 'cmov'].includes(String.fromCharCode(...bytesOf(await this.walk.at(content + 4, 4))));
  }

  /** The first box of metadata says what they are; in front of it there may be a version, and FFmpeg looks for it at every word. */
  async #afterFields({ content, to }: Box): Promise<number> {
    for (let at = content; at + 8 <= to; at += 4) {
      this.#step();
      if ((await this.walk.at(at + 4, 4)).getUint32(0) === 0x68646c72) return at;
    }
    return to;
  }

  async #count({ name, content, to }: Box): Promise<void> {
    if (!['hdlr', 'stts', 'stsz', 'stz2', 'trun'].includes(name)) return;
    const fields = await this.walk.at(content, Math.min(16, to - content));
    // Behind version and flags.
    const field = (at: number) => (at + 4 <= fields.byteLength ? fields.getUint32(at) : 0);
    if (name === 'hdlr') {
      const handler = String.fromCharCode(...bytesOf(fields).subarray(8, 12));
      if (handler === 'soun') this.#track.hasSound = true;
      if (handler === 'vide') this.#track.hasPicture = true;
    } else if (name === 'stts') {
      this.#track.isPlain = this.#track.isPlain !== false && field(4) === 1 && field(12) === 1;
    } else this.#track.samples += field(name === 'trun' ? 4 : 8);
  }

  /** Throws MediaError 'tooLarge' for more samples than can be made room for. */
  checkSamples(): void {
    const samples = this.#before + entriesOf(this.#track);
    if (samples > mostSamples)
      throw new MediaError(
        'tooLarge',
        this.name,
        `its tables announce ${Math.floor(samples)} samples, the limit is ${mostSamples}`,
      );
  }
}

const entriesOf = ({ samples, hasSound, hasPicture, isPlain }: Track) =>
  samples / (isPlain && hasSound && !hasPicture ? plainTogether : 1);
