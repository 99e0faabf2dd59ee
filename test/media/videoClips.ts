/** Pictures and sounds that can be recognised after any codec. */
import type { AudioClip, Frame } from '../../src/media/types.js';

/** Colours far apart; picture i of `colourFrames` shows number floor(i / 5). */
export const colours = [
  [200, 40, 40],
  [40, 200, 40],
  [40, 40, 200],
  [200, 200, 40],
  [40, 200, 200],
  [128, 128, 128],
] as const;

export function plainFrame(width: number, height: number, colour: readonly number[]): Frame {
  return { width, height, rgb: Uint8Array.from({ length: 3 * width * height }, (_, i) => colour[i % 3]!) };
}

export function* colourFrames(count: number, width = 64, height = 48): Generator<Frame> {
  for (let i = 0; i < count; i++) yield plainFrame(width, height, colours[Math.floor(i / 5) % colours.length]!);
}

/** The number of the colour in the middle of a frame; throws when it is none of them. */
export function colourOf({ width, height, rgb }: Frame): number {
  const at = 3 * (Math.floor(height / 2) * width + Math.floor(width / 2));
  const found = colours.findIndex((colour) => colour.every((value, k) => Math.abs(value - rgb[at + k]!) <= 8));
  if (found < 0) throw new Error(`no colour of the list: ${rgb.subarray(at, at + 3)}`);
  return found;
}

/** Silence but for clicks of 2.5 ms at 1 s and 2 s. */
export function clicks(sampleRate = 16000, seconds = 3): AudioClip {
  const samples = new Float32Array(seconds * sampleRate);
  for (const at of [1, 2]) samples.fill(0.8, at * sampleRate, Math.round((at + 0.0025) * sampleRate));
  return { sampleRate, samples };
}

/** Seconds at which samples first go over 0.4: of each stretch of sound more than half a second after the one before. */
export function clickTimes(samples: Float32Array, sampleRate: number): number[] {
  const times: number[] = [];
  samples.forEach((x, i) => {
    if (x > 0.4 && i / sampleRate - (times.at(-1) ?? -1) > 0.5) times.push(i / sampleRate);
  });
  return times;
}

/** A tone whose frequency, in Hz, can be counted. */
export const tone = (frequency: number, sampleRate: number, seconds: number): AudioClip => ({
  sampleRate,
  samples: Float32Array.from(
    { length: sampleRate * seconds },
    (_, i) => 0.5 * Math.sin((2 * Math.PI * frequency * i) / sampleRate),
  ),
});
