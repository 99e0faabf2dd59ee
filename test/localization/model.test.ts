/** Models as files. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model, modelLocalizer, saveModel } from '../../src/localization/index.js';
import { modelFormat, viewsOf } from '../../src/localization/model.js';
import { methodNames } from '../../src/methods/index.js';
import { loadSafetensors, saveSafetensors } from '../../src/runtime/index.js';
import { float32 } from '../../src/tensor.js';
import { quiet, tinyModel } from './tiny.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'models-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

describe.each(methodNames)('a model of %s', (method) => {
  it.each<[string, Partial<Model>]>([
    ['as trained', {}],
    ['calibrated', { confidence: { slope: 12.5, offset: -3.25 } }],
    ['with the presets as they are', { picture: { preset: 'ezvsl' }, sound: { preset: 'sslalign' } }],
  ])('is read as it was written: %s', async (_, changes) => {
    const model = tinyModel(method, changes);
    await saveModel(at('model.safetensors'), model);
    expect(await loadModel(at('model.safetensors'))).toEqual(model);
  });

  it('is of the same bytes whenever it is written', async () => {
    const model = tinyModel(method);
    await saveModel(at('a.safetensors'), model);
    await saveModel(at('b.safetensors'), await loadModel(at('a.safetensors')));
    expect(readFileSync(at('b.safetensors')).equals(readFileSync(at('a.safetensors')))).toBe(true);
  });
});

it('further metadata lie beside what the model is, and change nothing of it', async () => {
  const model = tinyModel();
  await saveModel(at('more.safetensors'), model, { epoch: '7', format: 'mine', earshot: 'mine' });
  const { metadata } = await loadSafetensors(at('more.safetensors'));
  expect(metadata).toMatchObject({ epoch: '7', format: modelFormat });
  expect(await loadModel(at('more.safetensors'))).toEqual(model);
});

it('views are those of the choices, of another size where one is given', () => {
  const model = tinyModel();
  expect(viewsOf(model).frame.picture.size).toBe(32);
  expect(viewsOf(model).spectrogram.sound.clip.samples).toBe(8000);
  expect(viewsOf(model, 64).frame.picture.size).toBe(64);
  expect(viewsOf(model, undefined).frame.picture.size).toBe(32);
  expect(viewsOf({ ...model, picture: { preset: 'laptop' } }).frame.picture.size).toBe(96);
});

describe('refused:', () => {
  const { weights, ...about } = tinyModel();
  const settings = about.settings as Record<string, unknown>;
  const written = async (metadata: Record<string, string>) => {
    await saveSafetensors(at('refused.safetensors'), weights, metadata);
    return loadModel(at('refused.safetensors')).catch((error: Error) => error);
  };
  const described = (given: unknown) => written({ format: modelFormat, earshot: JSON.stringify(given) });

  it('what a training goes on from, with where the model is', async () => {
    const error = await written({ format: 'earshot-checkpoint-1', runs: '3' });
    expect(error).toMatchObject({ name: 'LocalizerError', message: expect.stringContaining('take best.safetensors beside it') });
    expect((error as Error).message).toContain(at('refused.safetensors'));
  });

  it.each<[string, Record<string, string>, string]>([
    ['none', {}, "its metadata gives format 'none', not 'earshot-model-1'"],
    ["PyTorch's", { format: 'pt' }, "its metadata gives format 'pt', not 'earshot-model-1'"],
    ['a later one', { format: 'earshot-model-2' }, "gives format 'earshot-model-2', not"],
    ['ours without a description', { format: modelFormat }, "expected JSON in 'earshot'"],
    ['ours with half a description', { format: modelFormat, earshot: '{"method": "ssl' }, "expected JSON in 'earshot'"],
  ])('weights whose format is %s', async (_, metadata, message) => {
    const error = await written(metadata);
    expect(error).toMatchObject({ name: 'LocalizerError', message: expect.stringContaining(message) });
    expect((error as Error).message).toContain(at('refused.safetensors'));
  });

  it.each<[string, unknown, string]>([
    ['no object', 3, "its metadata 'earshot' are wrong: "],
    ['an unknown method', { ...about, method: 'attention10k' }, "wrong at 'method': "],
    ['no method', { ...about, method: undefined }, "wrong at 'method': "],
    ['no picture', { ...about, picture: undefined }, "wrong at 'picture': "],
    ['an unknown preset', { ...about, picture: { preset: 'imagenet' } }, "wrong at 'picture.preset': "],
    ['a size that is no number', { ...about, picture: { preset: 'laptop', size: '32' } }, "wrong at 'picture.size': "],
    ['a size that is too small', { ...about, picture: { preset: 'laptop', size: 8 } }, "wrong at 'picture.size': "],
    ['no seconds at all', { ...about, sound: { preset: 'laptop', seconds: 0 } }, "wrong at 'sound.seconds': "],
    ['half a calibration', { ...about, confidence: { slope: 3 } }, "wrong at 'confidence.offset': "],
    ['something unknown', { ...about, threshold: 0.5 }, "'earshot' are wrong: "],
    ['a setting out of range', { ...about, settings: { ...settings, tau: -1 } }, "wrong at 'settings.tau': "],
    ['a setting that there is not', { ...about, settings: { ...settings, tua: 0.07 } }, "wrong at 'settings': "],
    ["another method's settings", { ...about, method: 'ezvsl' }, "wrong at 'settings': "],
    ['no settings', { ...about, settings: undefined }, "wrong at 'settings': "],
  ])('a description with %s', async (_, given, message) => {
    const error = await described(given);
    expect(error).toMatchObject({ name: 'LocalizerError', message: expect.stringContaining(message) });
    expect((error as Error).message).toContain(at('refused.safetensors'));
  });

  it('a file that is no safetensors, half a file, and none', async () => {
    writeFileSync(at('text.safetensors'), 'hello, this is no model');
    await expect(loadModel(at('text.safetensors'))).rejects.toMatchObject({ name: 'SafetensorsError' });
    await saveModel(at('whole.safetensors'), { ...about, weights });
    const bytes = readFileSync(at('whole.safetensors'));
    writeFileSync(at('half.safetensors'), bytes.subarray(0, bytes.length / 2));
    await expect(loadModel(at('half.safetensors'))).rejects.toMatchObject({ name: 'SafetensorsError' });
    await expect(loadModel(at('none.safetensors'))).rejects.toThrow('none.safetensors');
  });
});

describe('weights that are not those of the method', () => {
  const model = tinyModel();
  const opened = (weights: Model['weights'], name?: string) =>
    modelLocalizer({ ...model, weights }, { batch: 1, name, ...quiet });
  const without = (name: string) => {
    const { [name]: _, ...others } = model.weights;
    return others;
  };

  it.each<[string, () => Model['weights'], string]>([
    ['one missing', () => without('vision.conv1.weight'), "'vision.conv1.weight' [4, 3, 7, 7] is missing"],
    ['a running average missing', () => without('audio.bn1.running_var'), "'audio.bn1.running_var' [4] is missing"],
    [
      'one of another shape',
      () => ({ ...model.weights, 'audio.conv1.weight': float32([4, 3, 7, 7]) }),
      "'audio.conv1.weight' must be [4, 1, 7, 7], it is [4, 3, 7, 7]",
    ],
    [
      'one that is not finite',
      () => ({ ...model.weights, 'vision.bn1.bias': float32([4], [0, 1, Number.NaN, 2]) }),
      "'vision.bn1.bias' is NaN at element 2",
    ],
    ['none at all', () => ({}), "'vision.layer1.0.bn1.bias' [4] is missing\n  and 64 more"],
  ])('%s: the message names it', async (_, weights, message) => {
    const error = await opened(weights(), 'mine.safetensors').catch((e: Error) => e);
    expect(error).toMatchObject({ name: 'LocalizerError', message: expect.stringContaining(message) });
    expect((error as Error).message).toMatch(/^mine\.safetensors: /);
  });

  it('are those of other settings', async () => {
    const wider = { ...(model.settings as object), widths: [4, 16] };
    await expect(modelLocalizer({ ...model, settings: wider }, { batch: 1, ...quiet })).rejects.toThrow(
      "'vision.layer2.0.conv1.weight' must be [16, 4, 3, 3], it is [8, 4, 3, 3]",
    );
  });
});
