/** A benchmark to evaluate: generated boxes in the format of IS3, and a map for each. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NpyWriter } from '../src/evaluation/index.js';
import { Random } from '../src/random.js';

const side = 14;
/** Units of the boxes. */
const size = 224;

/**
 * Writes `count` annotations, two sounds a picture, and their maps: noise with a hill near the box, of differing height, so that some succeed and
 * some do not. Resolves to the two files.
 */
export async function generateScenes(folder: string, count: number): Promise<{ maps: string; annotations: string }> {
  await mkdir(folder, { recursive: true });
  const files = { maps: join(folder, 'maps.npy'), annotations: join(folder, 'annotations.json') };
  const writer = await NpyWriter.create(files.maps, [count, side, side]);
  const annotations = [];
  for (let i = 0; i < count; i++) {
    const random = new Random(0, 'scene', i);
    const between = (low: number, high: number) => Math.floor(low + (high - low) * random.uniform());
    const [width, height] = [between(24, 160), between(24, 160)];
    const [x, y] = [between(0, size - width), between(0, size - height)];
    const name = `left_right_${Math.floor(i / 2)}_${i % 2 ? 'right' : 'left'}`;
    annotations.push({ image: `${name}.jpg`, audio: `${name}.wav`, gt_box: [x, y, x + width, y + height] });
    const hill = 3 * random.uniform();
    const data = Float32Array.from({ length: side * side }, (_, p) => {
      const [dx, dy] = [
        ((p % side) + 0.5) * (size / side) - x - width / 2,
        (Math.floor(p / side) + 0.5) * (size / side) - y - height / 2,
      ];
      return hill * Math.exp(-((dx / width) ** 2 + (dy / height) ** 2) * 2) + 0.5 * random.normal();
    });
    await writer.write(i, data);
  }
  await writer.finish();
  await writeFile(files.annotations, JSON.stringify(annotations));
  return files;
}
