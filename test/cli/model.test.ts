/** What users do with a model: `earshot localize`, `evaluate --model`, `report`. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundledModel, loadModel } from '../../src/localization/index.js';
import { encodeWav } from '../../src/media/index.js';
import { writeWorld } from '../../src/world/index.js';
import { earshot } from './earshot.js';

/** Commands run here, with relative paths, as users type them. */
let folder: string;
const run = (line: string) => earshot(line.split(' '), { cwd: folder });
const json = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'model-'));
  await writeWorld(join(folder, 'world'), { train: 24, validation: 2, test: 2, size: 48 });
  const network = '--size 32 --seconds 0.5 --widths 4,8 --blocks 1,1 --dimensions 8 --batch 8 --epochs 1 --semantic none';
  const { code, stderr } = await run(`train world/train.csv --out run ${network} --threads 1`);
  expect(code, stderr).toBe(0);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('a model that is none, and options out of range', () => {
  it.each([
    ['empty', 1, /^earshot: empty: no model in it; expected what "earshot train" made \(best\.safetensors\)\n$/],
    ['nope', 1, /^earshot: nope: there is no such file \(ENOENT\)\n$/],
    ['world/train.csv', 1, /^earshot: world\/train\.csv: no safetensors file/],
    ['x.onnx', 1, /^earshot: x\.onnx is an ONNX file; expected a model of "earshot train" or "earshot import"/],
    ['run --size 7', 2, /option '--size <pixels>' argument '7' is invalid.*from 32 to 4096/],
    ['run --threads 100000', 2, /option '--threads <count>' argument '100000' is invalid.*from 1 to 256/],
  ])('%s', async (model, expected, message) => {
    mkdirSync(join(folder, 'empty'), { recursive: true });
    writeFileSync(join(folder, 'x.onnx'), '');
    const { code, stderr } = await run(`localize a.png a.wav --out nothing --model ${model}`);
    expect(stderr).toMatch(message);
    expect(code).toBe(expected);
    expect(existsSync(join(folder, 'nothing'))).toBe(false);
  });
});

describe('the model that comes along', () => {
  it('points at drawn things by their sounds', async () => {
    await writeWorld(join(folder, 'scenes'), { train: 1, validation: 1, test: 8 });
    const options = '-b world -a scenes/test_interactive.json --data scenes -p sslalign-vggss --json';
    const { code, stdout, stderr } = await earshot(['evaluate', ...options.split(' '), '--model', bundledModel], { cwd: folder });
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).pointing).toBeGreaterThan(0.75);
  });

  it('is what localizes when none is given, as sure as it was calibrated', async () => {
    const [{ image, audio }] = json('scenes/test_interactive.json');
    const { code, stderr } = await run(`localize scenes/${image} scenes/${audio} --out along`);
    expect(code, stderr).toBe(0);
    const name = readdirSync(join(folder, 'along')).find((file) => file.endsWith('.json'));
    expect(json(`along/${name}`)).toMatchObject({ found: true, model: { method: 'sslalign' } });
  });
});

describe('a model', () => {
  it('is evaluated, and the page of it finds its maps beside it', async () => {
    const evaluated = await run('evaluate -b world -a world/test_interactive.json --data world --model run --out scores');
    expect(evaluated.code, evaluated.stderr).toBe(0);
    expect(evaluated.stdout).toContain('retrieval among 6');
    const page = await run('report scores --training run --out page.html');
    expect(page.code, page.stderr).toBe(0);
    expect(readFileSync(join(folder, 'page.html'), 'utf8')).toContain('<audio');
  });

  it('localizes two sounds in a picture', async () => {
    const [first, second] = json('world/test_interactive.json') as { image: string; audio: string }[];
    const sounds = [first!.audio, second!.audio].map((path) => `world/${path}`);
    const { code, stderr } = await run(`localize world/${first!.image} ${sounds.join(' ')} --model run --out found`);
    expect(code, stderr).toBe(0);
    const kinds = readdirSync(join(folder, 'found')).map((name) => name.split('.').slice(1).join('.'));
    expect(kinds.sort()).toEqual(['json', 'json', 'npy', 'npy', 'panels.png', 'png', 'png']);
    const about = json(`found/${readdirSync(join(folder, 'found')).find((name) => name.endsWith('.json'))}`);
    expect(about.map.shape).toEqual([1, 8, 8]);
    expect(about.protocol).toBeDefined();
  });

  it('is calibrated to other pairs', async () => {
    const line = 'calibrate run world/train.csv --out calibrated.safetensors --threads 1';
    const { code, stdout, stderr } = await run(line);
    // A network of two epochs may not tell pairs from strangers; then it says so and writes nothing.
    const path = join(folder, 'calibrated.safetensors');
    if (code === 1) expect([stderr, existsSync(path)]).toEqual([expect.stringContaining('there is nothing to fit'), false]);
    else {
      expect(stdout).toMatch(/confidence slope [\d.]+, offset -?[\d.]+ \(before: /);
      expect(stdout).toMatch(/with it \d+ % of these pairs/);
      expect((await loadModel(path)).confidence!.slope).toBeGreaterThan(0);
      expect((await run(line)).stderr).toMatch(/calibrated\.safetensors is there already/);
    }
  });

  it('is not calibrated to a few pairs, or with nowhere to write it', async () => {
    const [header, ...rows] = readFileSync(join(folder, 'world/train.csv'), 'utf8').trim().split('\n');
    for (const name of ['broken.png', 'broken.wav']) writeFileSync(join(folder, 'world', name), 'broken');
    const [, picture, sound] = /^([^,]*\.\w+),([^,]*\.\w+)/.exec(rows[0]!)!;
    const broken = rows.slice(0, 4).map((row) => row.replace(picture!, 'broken.png').replace(sound!, 'broken.wav'));
    writeFileSync(
      join(folder, 'world/few.csv'),
      [header, ...broken.slice(0, 1), rows[0]!.replace(picture!, 'none.png'), ...rows.slice(1, 16)].join('\n'),
    );
    const few = await run('calibrate run world/few.csv --out few.safetensors --threads 1');
    expect(few.stderr).toMatch(/^left out: \S*broken\.\w+: /m);
    expect(few.stderr).toMatch(/few\.csv: 1 of 17 entries cannot be used and are left out:\n {2}.*none\.png/m);
    expect(few.stderr).toContain(
      'world/few.csv: expected at least 16 pairs that can be read, with sounds in several files, there are 15',
    );
    expect(few.code).toBe(1);
    for (const [out, code, message] of [
      ['few.onnx', 2, /ends in \.safetensors/],
      ['nowhere/few.safetensors', 1, /there is no folder nowhere/],
    ] as const) {
      const { stderr, ...ended } = await run(`calibrate run world/few.csv --out ${out}`);
      expect(stderr).toMatch(message);
      expect([ended.code, existsSync(join(folder, out))]).toEqual([code, false]);
    }
    expect(existsSync(join(folder, 'few.safetensors'))).toBe(false);
  });

  it.each([
    ['a missing picture', 'none.png silent.wav', /none\.png/],
    ['a sound without signal', 'PICTURE silent.wav', /silent\.wav.*signal/],
    ['a text called WAV', 'PICTURE text.wav', /text\.wav/],
    [
      'a sound that is silent where it is heard',
      'PICTURE late.wav',
      /late\.wav: of its 8\.0 s the model hears 0\.5 s from 3\.8 s on, which are silence/,
    ],
  ])('says what is wrong with %s, and writes nothing', async (_, what, message) => {
    writeFileSync(join(folder, 'text.wav'), 'hello');
    writeFileSync(join(folder, 'silent.wav'), encodeWav({ sampleRate: 16000, samples: new Float32Array(16000) }, 'int16'));
    const late = Float32Array.from({ length: 128_000 }, (_, i) => (i < 16_000 ? Math.sin(i) / 2 : 0));
    writeFileSync(join(folder, 'late.wav'), encodeWav({ sampleRate: 16000, samples: late }, 'int16'));
    const [{ image }] = json('world/test_interactive.json');
    const { code, stderr } = await run(`localize ${what.replace('PICTURE', `world/${image}`)} --model run --out nothing`);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(existsSync(join(folder, 'nothing'))).toBe(false);
  });

  it('is used wrongly with a picture alone', async () => {
    expect(await run('localize picture.png')).toMatchObject({ code: 2, stderr: expect.stringContaining('expected a sound') });
  });
});
