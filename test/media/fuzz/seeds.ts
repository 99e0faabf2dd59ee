/** Whole files of every format, to be damaged. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { encodeJpeg } from '../../../src/media/picture.js';
import type { AudioClip, Frame } from '../../../src/media/types.js';
import { encodeWav } from '../../../src/media/wav.js';
import { writeSound, writeVideo } from '../../../src/media/writeVideo.js';
import { Random } from '../../../src/random.js';
import { pillow, smooth } from '../pictures.js';
import { chunk, extensibleBody, float32s, fmtBody, int16s, riff, wavOf } from '../wavFile.js';
import type { Kind } from './watch.js';

export interface Seed {
  /** What it is; ends with its extension. */
  name: string;
  kind: Kind;
  bytes: Uint8Array;
  /** Whether checksums, of which all must be right, lie over everything that is decoded. */
  checked?: boolean;
}

/** Those of Pillow's pictures that go ways of their own through the decoders. */
const pillowNames = [
  ...['CMYK.jpg', 'YCCK.jpg', 'restart markers.jpg', 'grey.png', 'alpha.png', 'palette.png', 'transparent palette entry.png'],
  ...['16 bits.png', '16 bits with alpha.png', 'lossless with alpha.webp', 'animation.webp', 'palette.gif', 'animation.gif'],
];

async function pictures(): Promise<Seed[]> {
  const stored = pillow.filter(({ name }) => pillowNames.includes(name)).map(({ name, file }) => ({ name, bytes: file }));
  const { width, height, rgb } = smooth(120, 90);
  const small = () => sharp(rgb, { raw: { width, height, channels: 3 } });
  const made = {
    'small.jpg': small().jpeg({ quality: 90 }).toBuffer(),
    'large.jpg': encodeJpeg(smooth(480, 300)),
    'progressive.jpg': small().jpeg({ progressive: true }).toBuffer(),
    'turned.jpg': small().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    'colours.png': small().png().toBuffer(),
    'interlaced.png': small().png({ progressive: true }).toBuffer(),
    'lossy.webp': small().webp().toBuffer(),
    'lossless.webp': small().webp({ lossless: true }).toBuffer(),
    'colours.avif': small().avif({ effort: 0 }).toBuffer(),
    'alpha.avif': small().ensureAlpha(0.5).avif({ effort: 0, lossless: true }).toBuffer(),
  };
  const encoded = Object.entries(made).map(async ([name, bytes]) => ({ name, bytes: new Uint8Array(await bytes) }));
  return [...stored, ...(await Promise.all(encoded))].map((seed) => ({
    ...seed,
    kind: 'picture',
    checked: seed.name.endsWith('.png'),
  }));
}

/** Tones that rise, and noise, so that every frame of a codec has something to code. */
function chirp(sampleRate: number, seconds: number): AudioClip {
  const random = new Random(1, 'chirp');
  const sample = (t: number) => 0.4 * Math.sin(2 * Math.PI * (300 + 400 * t) * t) + 0.05 * random.normal();
  return { sampleRate, samples: Float32Array.from({ length: sampleRate * seconds }, (_, i) => sample(i / sampleRate)) };
}

function wavs(): Seed[] {
  const clip = chirp(8000, 0.25);
  const values = [...clip.samples];
  const whole = (bits: number) => values.map((v) => Math.round(v * 2 ** (bits - 1)));
  const bytesOf = (bits: number) => whole(bits).flatMap((v) => Array.from({ length: bits / 8 }, (_, i) => (v >> (8 * i)) & 255));
  const wav = (fmt: number[], data: number[]) => riff(chunk('fmt ', fmt), chunk('data', data));
  const files = {
    '8 bits.wav': wav(
      fmtBody({ bits: 8, rate: 8000 }),
      whole(8).map((v) => v + 128),
    ),
    '16 bits.wav': encodeWav(clip),
    'stereo.wav': wavOf(whole(16), { channels: 2, rate: 8000 }),
    '24 bits.wav': wav(fmtBody({ bits: 24, rate: 8000 }), bytesOf(24)),
    '32 bits.wav': wav(fmtBody({ bits: 32, rate: 8000 }), bytesOf(32)),
    'float.wav': encodeWav(clip, 'float32'),
    'float64.wav': wav(fmtBody({ tag: 3, bits: 64, rate: 8000 }), [...new Uint8Array(Float64Array.from(values).buffer)]),
    'extensible.wav': wav(extensibleBody({ tag: 3, bits: 32, rate: 8000, channels: 4 }), float32s(...values)),
    'chunks.wav': riff(
      chunk('LIST', [1, 2, 3]),
      chunk('fmt ', fmtBody({ rate: 8000 })),
      chunk('fact', [0, 0, 0, 0]),
      chunk('data', int16s(...whole(16))),
      chunk('id3 ', [...Array(50).keys()]),
    ),
  };
  return Object.entries(files).map(([name, bytes]) => ({ name, kind: 'sound', bytes }));
}

/** Waves that move: a picture of its own at every time. */
function* moving(count: number): Generator<Frame> {
  const wide = smooth(64 + 2 * count, 48);
  for (let i = 0; i < count; i++) {
    const rgb = new Uint8Array(3 * 64 * 48);
    for (let y = 0; y < 48; y++) {
      const from = 3 * (y * wide.width + 2 * i);
      rgb.set(wide.rgb.subarray(from, from + 3 * 64), 3 * 64 * y);
    }
    yield { width: 64, height: 48, rgb };
  }
}

async function compressed(): Promise<Seed[]> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-fuzz-'));
  const seeds: Seed[] = [];
  const add = async (name: string, kind: Kind, write: (path: string) => Promise<void>) => {
    const path = join(folder, name);
    await write(path);
    seeds.push({ name, kind, bytes: new Uint8Array(await readFile(path)), checked: /\.(flac|ogg|opus)$/.test(name) });
  };
  try {
    for (const extension of ['flac', 'mp3', 'ogg', 'opus', 'm4a'])
      await add(`sound.${extension}`, 'sound', (path) => writeSound(path, chirp(16_000, 2.5)));
    for (const extension of ['mp4', 'mov', 'webm', 'mkv', 'avi'])
      await add(`video.${extension}`, 'video', (path) =>
        writeVideo(path, { frames: moving(20), frameRate: 25, sound: chirp(16_000, 0.8) }),
      );
    await add('silent.mp4', 'video', (path) => writeVideo(path, { frames: moving(20), frameRate: 25 }));
  } finally {
    await rm(folder, { recursive: true });
  }
  return seeds;
}

export const makeSeeds = async (): Promise<Seed[]> => [...(await pictures()), ...wavs(), ...(await compressed())];
