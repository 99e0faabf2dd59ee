import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeJpeg, writeVideo } from '../../src/media/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
/** Inside the package, so that `earshot/...` is this checkout. */
let folder: string;
let examples: string[];

beforeAll(async () => {
  folder = await mkdtemp(`${root}/dist/readme-`);
  const readme = await readFile(`${root}/README.md`, 'utf8');
  examples = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code!);
});
afterAll(() => rm(folder, { recursive: true }));

/** What the README's example that contains `mark` prints, line by line. */
async function linesOf(mark: string): Promise<string[]> {
  const code = examples.find((example) => example.includes(mark));
  expect(code).toBeDefined();
  await writeFile(`${folder}/example.mjs`, code!);
  const { stdout } = await run(process.execPath, ['example.mjs'], { cwd: folder });
  return stdout.trim().split('\n');
}

it("the README's network runs as it stands and learns", async () => {
  const losses = (await linesOf('TrainingStep.create')).map((line) => Number(line.split(' ')[1]));
  expect(losses).toHaveLength(20);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
});

it("the README's videos become shards, and its loader reads them", async () => {
  await mkdir(`${folder}/videos`);
  const frameOf = (clip: number, i: number) => ({
    width: 64,
    height: 48,
    rgb: Uint8Array.from({ length: 64 * 48 * 3 }, (_, k) => (7 * clip * k + 9 * i * (k % 64)) % 256),
  });
  for (let clip = 1; clip <= 17; clip++) {
    const samples = Float32Array.from({ length: 16000 }, (_, n) => 0.3 * Math.sin(0.02 * clip * n));
    const frames = Array.from({ length: 10 }, (_, i) => frameOf(clip, i));
    await writeVideo(`${folder}/videos/clip${clip}.mp4`, { frames, frameRate: 10, sound: { sampleRate: 16000, samples } });
  }
  await writeFile(`${folder}/videos/picture.mp4`, await encodeJpeg(frameOf(1, 1)));
  const readme = await readFile(`${root}/README.md`, 'utf8');
  const [, command] = /npx earshot (prepare .*)\n/.exec(readme) ?? [];
  const { stdout } = await run(process.execPath, [`${root}/dist/cli/index.js`, ...command!.split(' ')], { cwd: folder });
  expect(stdout).toContain('17 of 18 clips are in 1 shard');
  expect(await linesOf('new Loader')).toEqual(['[ 16, 3, 224, 224 ] [ 16, 1, 257, 671 ]']);
});
