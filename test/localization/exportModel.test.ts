/** Exported models against the program's own way from files to maps. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { presetNames } from '../../src/features/choice.js';
import { ModelProtoSchema } from '../../src/graph/onnx/onnx_pb.js';
import {
  confidenceOf,
  exportFormat,
  exportModel,
  type HeatMap,
  type Model,
  matchOf,
  modelLocalizer,
  PairLocalizer,
  predictMaps,
} from '../../src/localization/index.js';
import { viewsOf } from '../../src/localization/model.js';
import { type AudioClip, type Frame, readPicture, readSound } from '../../src/media/index.js';
import { methodNames } from '../../src/methods/index.js';
import { MapResizer } from '../../src/metrics/resize.js';
import { extremesOf } from '../../src/metrics/scale.js';
import { runExported, samplesOf, worst } from './exported.js';
import { noisyClip, noisyFrame, quiet, tinyModel, writePairs } from './tiny.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'exports-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Written to files and read again, as the model hears and sees them. */
async function fromFiles(model: Model, frame: Frame, clip: AudioClip): Promise<{ frame: Frame; clip: AudioClip }> {
  const { pairs } = await writePairs(folder, [{ frame, clip }]);
  const { sampleRate, channel } = viewsOf(model).spectrogram.sound.clip;
  const { picture, sound } = pairs[0]!;
  return { frame: await readPicture(picture.path), clip: await readSound(sound.path, { sampleRate, channel }) };
}

async function localized(model: Model, pair: { frame: Frame; clip: AudioClip }) {
  const localizer = await PairLocalizer.create(model, { batch: 1, ...quiet });
  const [found] = await localizer.localize([pair]);
  await localizer.release();
  return found!;
}

const run = (model: Model, { frame, clip }: { frame: Frame; clip: AudioClip }) =>
  runExported(exportModel(model, { picture: frame }).onnx, frame, samplesOf(clip, viewsOf(model).spectrogram.sound.clip));

/** As overlays scale a map that is shown alone. */
function heatOf(map: HeatMap, { width, height }: Frame): Float32Array {
  const { min, max } = extremesOf(map.data);
  const values = new MapResizer(map.height, map.width, height, width, 'bilinear', false).resize(map.data);
  return values.map((v) => Math.min(Math.max((v - min) / (max - min), 0), 1));
}

const confidence = { slope: 9, offset: -2 };
/** As loud as recordings get: beyond [-1, 1] in places. */
const loud = (clip: AudioClip): AudioClip => ({ ...clip, samples: clip.samples.map((x) => 3 * x) });

describe('an exported model', () => {
  // Presets do not depend on the method.
  const cases = methodNames.flatMap((method, i) =>
    (i === 0 ? presetNames : (['laptop', 'ezvsl'] as const)).map((preset) => ({ method, preset })),
  );
  it.each(cases)('makes the maps of "earshot localize" from pixels and samples: $method, $preset', async ({ method, preset }) => {
    const model = tinyModel(method, { picture: { preset, size: 64 }, sound: { preset }, confidence });
    const { sampleRate } = viewsOf(model).spectrogram.sound.clip;
    // Longer than some presets take, shorter than others.
    const pair = await fromFiles(model, noisyFrame(1, 90, 50), loud(noisyClip(1, 4.1 * sampleRate, sampleRate)));
    const wanted = await localized(model, pair);
    const found = await run(model, pair);
    expect(found.map.dims).toEqual([1, wanted.map.height, wanted.map.width]);
    expect(worst(found.map.data, wanted.map.data)).toBeLessThan(1e-4);
    expect(found.heatmap.dims).toEqual([1, 50, 90]);
    expect(worst(found.heatmap.data, heatOf(wanted.map, pair.frame))).toBeLessThan(1e-4);
    expect([found.score.dims, found.score.data[0]]).toEqual([[1], expect.closeTo(wanted.confidence!, 4)]);
    // A map that is the same everywhere would agree as well.
    const { min, max } = extremesOf(wanted.map.data);
    expect(max - min).toBeGreaterThan(0.01);
  });

  it.each(methodNames)('makes the embeddings of "earshot evaluate": %s', async (method) => {
    const model = tinyModel(method);
    const set = await writePairs(folder, [{ frame: noisyFrame(2, 32, 32), clip: noisyClip(2, 8000) }]);
    const localizer = await modelLocalizer(model, { batch: 1, ...quiet });
    const { value } = await predictMaps(localizer, set).next();
    await localizer.release();
    const wanted = value as Exclude<typeof value, readonly unknown[]>;
    const found = await run(model, await fromFiles(model, noisyFrame(2, 32, 32), noisyClip(2, 8000)));
    expect(worst(found.imageEmbedding.data, wanted.imageEmbedding!)).toBeLessThan(1e-5);
    expect(worst(found.soundEmbedding.data, wanted.soundEmbedding!)).toBeLessThan(1e-5);
    expect(found.imageEmbedding.data.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 5);
  });

  const frame = noisyFrame(3, 32, 32);

  it('gives the match in place of the probability where it was never calibrated', async () => {
    const model = tinyModel();
    const pair = { frame, clip: noisyClip(3, 8000) };
    const { map } = await localized(model, pair);
    expect((await run(model, pair)).score.data[0]).toBeCloseTo(matchOf(map), 5);
    expect(exportModel(model).metadata.score).toMatch(/never calibrated/);
    expect(exportModel({ ...model, confidence }).metadata.score).toMatch(/^the probability/);
  });

  it('has a score of 0 for silence, and for a constant', async () => {
    const model = tinyModel('ezvsl', { confidence: { slope: 1, offset: 4 } });
    for (const value of [0, 0.25]) {
      const clip = { sampleRate: 16_000, samples: new Float32Array(8000).fill(value) };
      const { map } = await localized(model, { frame, clip });
      expect(confidenceOf(map, model.confidence!)).toBeGreaterThan(0.9);
      expect((await run(model, { frame, clip })).score.data[0]).toBe(0);
    }
  });

  it('has a heatmap of zeros where the map is the same everywhere', async () => {
    const model = tinyModel();
    const zeros = Object.entries(model.weights).map(([name, t]) => [
      name,
      name.startsWith('vision') ? { ...t, data: t.data.map(() => 0) } : t,
    ]);
    const { heatmap, map } = await run({ ...model, weights: Object.fromEntries(zeros) }, { frame, clip: noisyClip(3, 8000) });
    expect(new Set(map.data)).toEqual(new Set([0]));
    expect(new Set(heatmap.data)).toEqual(new Set([0]));
  });

  it('is ONNX of opset 21 with standard operations, and little larger than its weights', () => {
    const model = tinyModel('ezvsl', { picture: { preset: 'ezvsl' }, sound: { preset: 'avin' } });
    const { onnx } = exportModel(model);
    const { opsetImport, graph, irVersion } = fromBinary(ModelProtoSchema, onnx);
    expect(opsetImport.map(({ domain, version }) => [domain, version])).toEqual([['', 21n]]);
    expect(irVersion).toBe(10n);
    expect(new Set(graph!.node.map(({ domain }) => domain))).toEqual(new Set(['']));
    expect(graph!.input.map(({ name }) => name).sort()).toEqual(['pixels', 'waveform']);
    const weights = Object.values(model.weights).reduce((sum, { data }) => sum + data.byteLength, 0);
    // The transform's matrix alone would be 4.2 MB; bands and the heatmap's resizing are 0.15 MB.
    expect(onnx.length - weights).toBeLessThan(400_000);
  });

  it('says in its metadata what it expects', () => {
    const model = tinyModel('sslalign', { sound: { preset: 'sslalign' } });
    const { onnx, metadata } = exportModel(model, { picture: { width: 64, height: 48 }, about: { license: 'CC0-1.0' } });
    const written = Object.fromEntries(fromBinary(ModelProtoSchema, onnx).metadataProps.map(({ key, value }) => [key, value]));
    expect(written).toEqual(metadata);
    expect(written).toMatchObject({
      format: exportFormat,
      method: 'sslalign',
      sampleRate: '16000',
      samples: '48000',
      clipSamples: '160000',
      clipTake: 'start',
      clipFirst: '56000',
      channel: 'first',
      width: '64',
      height: '48',
      'model.license': 'CC0-1.0',
    });
    expect(written.model).toMatch(/^sslalign: Senocak .*'laptop at 32 pixels'.*'sslalign'$/);
    expect(written.waveform).toMatch(/the first channel.*the first 160000 of a longer one.*the 48000 from 56000 on$/);
    expect(written.pixels).toMatch(/uint8 \[1, 48, 64, 3\].*32x32/);
  });

  it('is of the same bytes whenever it is made', () => {
    expect(exportModel(tinyModel()).onnx).toEqual(exportModel(tinyModel()).onnx);
  });

  it.each([
    [15, 64],
    [64, 4097],
    [64.5, 64],
    [Number.NaN, 64],
  ])('refuses pictures of %s x %s', (width, height) => {
    expect(() => exportModel(tinyModel(), { picture: { width, height } })).toThrow(
      `pictures have sides of 16 to 4096 pixels, not ${width}x${height}`,
    );
  });

  it('refuses weights that are not its method’s', () => {
    const { 'audio.conv1.weight': _, ...weights } = tinyModel().weights;
    expect(() => exportModel({ ...tinyModel(), weights })).toThrow(/'audio.conv1.weight' \[4, 1, 7, 7\] is missing/);
  });
});
