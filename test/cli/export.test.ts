/** `earshot export`: the built program, and ONNX Runtime on what it wrote beside what `earshot localize` wrote. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openMaps } from '../../src/evaluation/maps/index.js';
import { saveModel } from '../../src/localization/model.js';
import { encodePng, encodeWav } from '../../src/media/index.js';
import { saveSafetensors } from '../../src/runtime/index.js';
import { runExported, worst } from '../localization/exported.js';
import { noisyClip, noisyFrame, tinyModel } from '../localization/tiny.js';
import { earshot } from './earshot.js';

let folder: string;
const at = (name: string) => join(folder, name);
const frame = noisyFrame(4, 48, 40);
const clip = noisyClip(4, 8000);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'export-'));
  await mkdir(at('run'));
  const model = tinyModel('sslalign', { confidence: { slope: 5, offset: -1 } });
  await saveModel(at('run/best.safetensors'), model, { license: 'CC0-1.0' });
  await saveSafetensors(at('last.safetensors'), {}, { format: 'earshot-checkpoint-1' });
  writeFileSync(at('picture.png'), await encodePng(frame));
  writeFileSync(at('sound.wav'), encodeWav(clip, 'float32'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('writes a file that finds what "earshot localize" finds, and says what goes in and out', async () => {
  const { code, stdout, stderr } = await earshot(['export', at('run'), '--out', at('model.onnx'), '--picture-size', '48x40']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^\S*model\.onnx \(0\.\d MB\), sslalign: Senocak/);
  expect(stdout).toContain('pixels uint8 [1, 40, 48, 3]');
  expect(stdout).toContain('waveform float32 [1, 8000], 16000 Hz');
  expect(stdout).toContain('heatmap [1, 40, 48]');
  expect(stdout).toMatch(/score: the probability/);

  const localized = await earshot(['localize', at('picture.png'), at('sound.wav'), '--model', at('run'), '--out', at('found')]);
  expect(localized.code).toBe(0);
  const maps = await openMaps(at('found/picture+sound.npy'));
  let wanted = new Float32Array();
  for await (const { data } of maps.maps()) wanted = data.slice();
  await maps.close();
  const about = JSON.parse(readFileSync(at('found/picture+sound.json'), 'utf8'));
  const onnx = readFileSync(at('model.onnx'));
  expect(onnx.includes('CC0-1.0')).toBe(true);
  const { map, score } = await runExported(onnx, frame, clip.samples);
  expect(worst(map.data, wanted)).toBeLessThan(1e-4);
  expect(score.data[0]).toBeCloseTo(about.confidence, 4);
});

it('takes the model’s square when no size is given, and replaces a file only when asked', async () => {
  const first = await earshot(['export', at('run/best.safetensors'), '-o', at('square.onnx')]);
  expect(first.stdout).toContain('pixels uint8 [1, 32, 32, 3]');
  const before = readFileSync(at('square.onnx'));
  const again = ['export', at('run'), '-o', at('square.onnx'), '--picture-size', '64x16'];
  expect(await earshot(again)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/square\.onnx is there already: pass --overwrite, or another --out\n$/),
  });
  expect(readFileSync(at('square.onnx')).equals(before)).toBe(true);
  expect(await earshot([...again, '--overwrite'])).toMatchObject({ code: 0 });
  expect(readFileSync(at('square.onnx')).equals(before)).toBe(false);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

it('calls the file as the model, in the current folder', async () => {
  const prefix = ['sh', '-c', 'cd "$0" && exec "$@"', folder];
  expect((await earshot(['export', 'run/'], { prefix })).code).toBe(0);
  expect((await earshot(['export', join('run', 'best.safetensors')], { prefix })).code).toBe(0);
  expect(readFileSync(at('best.onnx')).equals(readFileSync(at('run.onnx')))).toBe(true);
});

it.each([
  ['an ONNX file', ['square.onnx'], /square\.onnx is an ONNX file; expected a model of "earshot train"/],
  ['a picture', ['picture.png'], /picture\.png: no safetensors file/],
  ['where a training goes on', ['last.safetensors'], /last\.safetensors is where a training goes on.*take best\.safetensors/],
  ['nothing', ['none'], /none: there is no such file \(ENOENT\)/],
])('refuses %s', async (_, [path, ...more], message) => {
  const { code, stderr } = await earshot(['export', at(path!), '-o', at('refused.onnx'), ...more]);
  expect(stderr).toMatch(message);
  expect(code).toBe(1);
  expect(existsSync(at('refused.onnx'))).toBe(false);
});

it.each(['640', '12345x64', '8x64', '-4x64'])('takes --picture-size %s for wrong usage', async (size) => {
  const { code, stderr } = await earshot(['export', at('run'), `--picture-size=${size}`]);
  expect(stderr).toMatch(
    /'--picture-size <size>' argument '.*' is invalid.*WIDTHxHEIGHT, as in 640x480, both of 16 to 4096 pixels/,
  );
  expect(code).toBe(2);
});
