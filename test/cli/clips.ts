/** Clips made on the spot: moving pictures and tones, all different, and what is in the shards made of them. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTarIndex } from '../../src/datasets/tar.js';
import { encodeJpeg } from '../../src/media/picture.js';
import type { AudioClip, Frame } from '../../src/media/types.js';
import { encodeWav } from '../../src/media/wav.js';
import { writeVideo } from '../../src/media/writeVideo.js';

/** A tone that depends on `i`. */
export const tone = (i: number, seconds: number, amplitude = 0.5, sampleRate = 16_000): AudioClip => ({
  sampleRate,
  samples: Float32Array.from(
    { length: Math.round(seconds * sampleRate) },
    (_, k) => amplitude * Math.sin((2 * Math.PI * (200 + 10 * i) * k) / sampleRate),
  ),
});

/** A bright square on a colour that depends on `i`, at a place that depends on `time`. */
export function frame(i: number, time: number, width = 64, height = 48): Frame {
  const rgb = new Uint8Array(3 * width * height);
  const left = Math.floor((time * 8) % (width / 2));
  for (let y = 0, k = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const inside = x >= left && x < left + width / 4 && y >= height / 4 && y < height / 2;
      for (let c = 0; c < 3; c++) rgb[k++] = inside ? 240 : (i * (c + 1) * 37) % 128;
    }
  return { width, height, rgb };
}

export function* movingFrames(i: number, seconds: number, rate: number, size: [number, number] = [64, 48]): Generator<Frame> {
  for (let k = 0; k < seconds * rate; k++) yield frame(i, k / rate, ...size);
}

/** `frames/<id>.jpg` and `audio/<id>.wav`. */
export async function writePair(folder: string, id: string, picture: Frame, sound: AudioClip): Promise<void> {
  for (const name of ['frames', 'audio']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'frames', `${id}.jpg`), await encodeJpeg(picture));
  writeFileSync(join(folder, 'audio', `${id}.wav`), encodeWav(sound, 'int16'));
}

export async function writePairs(folder: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await writePair(folder, name(i), frame(i, 0), tone(i, 1.5));
}

export async function writeVideos(folder: string, count: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < count; i++)
    await writeVideo(join(folder, `${name(i)}.mp4`), { frames: movingFrames(i, 1.2, 5), frameRate: 5, sound: tone(i, 1.2) });
}

export const name = (i: number) => `clip${String(i).padStart(3, '0')}`;

/** Every file of a folder with its SHA-256, but for the journal. */
export const contentOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((file) => file !== 'prepare.journal')
      .sort()
      .map((file) => [file, sha256(readFileSync(join(folder, file)))]),
  );

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The members of a folder's shards, in order. */
export async function membersOf(folder: string): Promise<{ name: string; bytes: Buffer }[]> {
  const members = [];
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.tar'))
    .sort()) {
    const shard = readFileSync(join(folder, file));
    for (const { name, offset, length } of await readTarIndex(join(folder, file)))
      members.push({ name, bytes: shard.subarray(offset, offset + length) });
  }
  return members;
}
