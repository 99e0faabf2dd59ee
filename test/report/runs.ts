/** Runs of evaluations to report on, with real pictures and sounds. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBenchmark } from '../../src/datasets/index.js';
import { Evaluator } from '../../src/evaluation/evaluator.js';
import { NpyWriter } from '../../src/evaluation/maps/index.js';
import { protocols } from '../../src/evaluation/protocols.js';
import { openRunFolder, type Run, readRun, runOf, writeRun } from '../../src/evaluation/run.js';
import { encodePng } from '../../src/media/picture.js';
import { encodeWav } from '../../src/media/wav.js';
import { Random } from '../../src/random.js';

const categories = ['cat', 'dog', '<script>alert(1)</script>'];

/** Writes a set of `pictures` pictures with two sounds each into `folder`: coloured squares, a tone for each. Resolves to its annotations. */
export async function writeScenes(folder: string, pictures: number): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const entries = [];
  for (let p = 0; p < pictures; p++) {
    const random = new Random(p, 'picture');
    const rgb = Uint8Array.from({ length: 3 * 48 * 48 }, () => 60 + random.below(40));
    const squares = [0, 1].map((i) => ({ x: 4 + 24 * i + random.below(4), y: 4 + random.below(20), side: 14 + random.below(5) }));
    for (const [i, { x, y, side }] of squares.entries())
      for (let v = y; v < y + side; v++) for (let u = x; u < x + side; u++) rgb[3 * (v * 48 + u) + 2 * i] = 250;
    writeFileSync(join(folder, `${p}.png`), await encodePng({ width: 48, height: 48, rgb }));
    for (const [i, { x, y, side }] of squares.entries()) {
      const samples = Float32Array.from({ length: 4000 }, (_, n) => 0.3 * Math.sin(n * (0.05 + 0.1 * i)));
      writeFileSync(join(folder, `${p}-${i}.wav`), encodeWav({ samples, sampleRate: 16_000 }));
      const box = [x, y, x + side, y + side];
      entries.push({ image: `${p}.png`, audio: `${p}-${i}.wav`, category: categories[(p + i) % 3], box });
    }
  }
  const path = join(folder, 'scenes.json');
  writeFileSync(path, JSON.stringify(entries));
  return path;
}

/** Evaluates maps of which the share `skill` has a hill at the object, and leaves the run in `folder`. */
export async function writeScenesRun(annotations: string, folder: string, name: string, skill: number): Promise<Run> {
  const benchmark = await readBenchmark('world', { annotations });
  const evaluator = new Evaluator(benchmark, protocols.sslalign, name);
  await openRunFolder(folder);
  const path = join(folder, 'maps.npy');
  const writer = await NpyWriter.create(path, [benchmark.samples.length, 12, 12]);
  for (const [i, { annotation }] of benchmark.samples.entries()) {
    const random = new Random(i, name);
    const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = annotation.kind === 'boxes' ? annotation.boxes[0]! : [];
    const found = random.uniform() < skill;
    const [x, y] = found ? [(x0 + x1) / 8, (y0 + y1) / 8] : [12 * random.uniform(), 12 * random.uniform()];
    const data = Float32Array.from({ length: 144 }, (_, k) => {
      const [dx, dy] = [(k % 12) + 0.5 - x, Math.floor(k / 12) + 0.5 - y];
      return Math.exp(-(dx * dx + dy * dy) / 6) + 0.02 * random.normal();
    });
    await writer.write(i, data);
    await evaluator.add(i, { data, height: 12, width: 12 });
  }
  await writer.finish();
  await writeRun(folder, runOf(benchmark, evaluator.result(), path));
  return readRun(folder);
}
