/** Pairs to load: generated ones, and the first rows of a list. */
import { access, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { encodeJpeg, encodeWav, type Frame } from '../src/media/index.js';
import { Random } from '../src/random.js';

const size = 224;
const sampleRate = 16_000;
const seconds = 10;

/** Smooth hills of colour with a little noise: as large as a photograph when compressed. */
function picture(random: Random): Frame {
  const waves = Array.from({ length: 12 }, () => [random.uniform() / 8, random.uniform() / 8, 7 * random.uniform()] as const);
  const rgb = Uint8Array.from({ length: 3 * size * size }, (_, i) => {
    const [channel, x, y] = [i % 3, Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
    const hills = waves.reduce((sum, [u, v, phase], w) => sum + (w % 3 === channel ? Math.sin(u * x + v * y + phase) : 0), 0);
    return Math.min(255, Math.max(0, 128 + 30 * hills + 12 * (random.uniform() - 0.5)));
  });
  return { width: size, height: size, rgb };
}

function sound(random: Random): Float32Array {
  const pitch = 100 + 900 * random.uniform();
  const angle = (2 * Math.PI * pitch) / sampleRate;
  return Float32Array.from(
    { length: seconds * sampleRate },
    (_, n) => 0.3 * Math.sin(angle * n) + 0.1 * (random.uniform() - 0.5),
  );
}

/** Writes `count` pairs of a JPEG and a 16-bit WAV into `folder` and resolves to their list. */
export async function generatePairs(folder: string, count: number): Promise<string> {
  await mkdir(folder, { recursive: true });
  const rows: string[] = [];
  for (let i = 0; i < count; i++) {
    const random = new Random(0, 'pair', i);
    await writeFile(join(folder, `${i}.jpg`), await encodeJpeg(picture(random), { quality: 90 }));
    await writeFile(join(folder, `${i}.wav`), encodeWav({ sampleRate, samples: sound(random) }, 'int16'));
    rows.push(`${i}.jpg,${i}.wav`);
  }
  const list = join(folder, 'pairs.csv');
  await writeFile(list, ['image,audio', ...rows, ''].join('\n'));
  return list;
}

/** A list of pairs as it was named: the file, or the folder whose train.csv it is. Throws an Error when it is not there. */
export async function findList(path: string): Promise<string> {
  const list = resolve((await stat(path)).isDirectory() ? join(path, 'train.csv') : path);
  await access(list);
  return list;
}

/** Writes a list of the first `count` pairs of another, with absolute paths, into `folder`. */
export async function firstPairs(list: string, folder: string, count: number): Promise<string> {
  const [header, ...rows] = (await readFile(list, 'utf8')).split(/\r?\n/).filter((line) => line !== '');
  if (header !== 'image,audio') throw new Error(`${list}: expected a list that begins with image,audio, got '${header}'`);
  const absolute = rows.slice(0, count).map((row) =>
    row
      .split(',')
      .map((path) => resolve(dirname(list), path))
      .join(','),
  );
  await mkdir(folder, { recursive: true });
  const first = join(folder, 'first.csv');
  await writeFile(first, [header, ...absolute, ''].join('\n'));
  return first;
}
