/** Encoders of pictures or sounds alone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { shapeOf } from '../../src/datasets/loader/views.js';
import * as g from '../../src/graph/index.js';
import { type Encoder, type Model, modelEncoder, onnxEncoder, type Side } from '../../src/localization/index.js';
import { encoderGraph, localizerGraph } from '../../src/localization/network.js';
import { methodNames } from '../../src/methods/index.js';
import { float32 } from '../../src/tensor.js';
import { draw } from '../training/networks.js';
import { quiet, tinyModel } from './tiny.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'encoders-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const opened: Encoder[] = [];
async function open(encoder: Promise<Encoder>): Promise<Encoder> {
  opened.push(await encoder);
  return opened.at(-1)!;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((encoder) => encoder.release()));
});

function expectNear(found: { shape: readonly number[]; data: Float32Array }, wanted: g.Dense): void {
  expect(found.shape).toEqual(wanted.shape);
  for (const [i, x] of wanted.data.entries()) expect(Math.abs(found.data[i]! - x)).toBeLessThan(1e-4);
}

const sides = ['picture', 'sound'] as const;
const inputOf = { picture: 'frame', sound: 'spectrogram' } as const;

describe.each(methodNames.flatMap((method) => sides.map((side) => ({ method, side }))))(
  '$side of $method',
  ({ method, side }) => {
    const model = tinyModel(method);

    it('gives the embeddings that the whole model gives', async () => {
      const batch = 2;
      const encoder = await open(modelEncoder(model, side, { batch, ...quiet }));
      expect(encoder.batch).toBe(batch);
      const shape = [batch, ...shapeOf(side, encoder.view)];
      expect(shape).toEqual(side === 'picture' ? [2, 3, 32, 32] : [2, 1, 64, 100]);
      const inputs = draw(shape, side);
      const alone = await encoder.embed(inputs);
      const { outputs } = localizerGraph(model, { batch });
      const feeds = {
        frame: draw([2, 3, 32, 32], 'other'),
        spectrogram: draw([2, 1, 64, 100], 'other'),
        [inputOf[side]]: inputs,
      };
      const whole = g.interpret({ outputs }, feeds, model.weights);
      expectNear(alone, side === 'picture' ? whole.imageEmbedding! : whole.soundEmbedding!);
    });

    it('needs the weights of its own side only', async () => {
      const own = side === 'picture' ? /^vision/ : /^audio/;
      const weights = Object.fromEntries(Object.entries(model.weights).filter(([name]) => own.test(name)));
      expect(Object.keys(weights).length).toBeLessThan(Object.keys(model.weights).length);
      await open(modelEncoder({ ...model, weights }, side, { batch: 1, ...quiet }));
      const others = Object.fromEntries(Object.entries(model.weights).filter(([name]) => !own.test(name)));
      await expect(modelEncoder({ ...model, weights: others }, side, { batch: 1, ...quiet })).rejects.toMatchObject({
        name: 'LocalizerError',
        message: expect.stringContaining('is missing'),
      });
    });
  },
);

it('an encoder of pictures of another size sees pictures of that size', async () => {
  const model = tinyModel();
  const encoder = await open(modelEncoder(model, 'picture', { batch: 1, size: 64, ...quiet }));
  const shape = [1, ...shapeOf('picture', encoder.view)];
  expect(shape).toEqual([1, 3, 64, 64]);
  const frame = draw(shape, 'larger');
  const wanted = g.interpret(encoderGraph(model, 'picture', { batch: 1, size: 64 }), { frame }, model.weights).embedding!;
  expectNear(await encoder.embed(frame), wanted);
});

it('the hash is of everything that embeddings depend on', async () => {
  const model = tinyModel();
  const hashOf = async (changed: Model, side: Side = 'picture', size?: number) =>
    (await open(modelEncoder(changed, side, { batch: 1, size, ...quiet }))).hash;
  const first = await hashOf(model);
  expect(await hashOf(tinyModel())).toBe(first);
  const reversed = Object.fromEntries(Object.entries(model.weights).reverse());
  expect(await hashOf({ ...model, weights: reversed })).toBe(first);

  const name = 'vision.conv1.weight';
  const { shape, data } = model.weights[name]!;
  const moved = float32(
    shape,
    Array.from(data, (x, i) => (i === 5 ? x + 1e-3 : x)),
  );
  const hashes = [
    first,
    await hashOf(model, 'sound'),
    await hashOf(model, 'picture', 64),
    await hashOf({ ...model, weights: { ...model.weights, [name]: moved } }),
    await hashOf({ ...model, picture: { preset: 'laptop', size: 48 } }),
    await hashOf({ ...model, picture: { preset: 'avin', size: 32 } }),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
});

describe('onnxEncoder', () => {
  const write = (name: string, outputs: g.Graph['outputs']) => {
    const path = join(folder, name);
    writeFileSync(path, g.lowerNchw({ outputs }).model);
    return path;
  };
  const options = { preset: 'laptop', batch: 2, ...quiet } as const;
  const picture = g.input('pixels', [2, 3, 96, 96]);
  const sound = g.input('mel', [2, 1, 64, 100]);
  const flat = g.input('mel', [2, 64, 100]);
  /** Means over blocks of a third and a half of it: [2, ...]. */
  const ofPicture = g.reshape(g.averagePool2d(picture, [32, 48], { stride: [32, 48] }), [2, 18]);
  const ofSound = g.reshape(g.averagePool2d(sound, [32, 50], { stride: [32, 50] }), [2, 4]);
  const ofFlat = g.mean(flat, [2]);

  it.each<[string, Side, g.Value, number[]]>([
    ['pictures', 'picture', ofPicture, [2, 3, 96, 96]],
    ['sounds', 'sound', ofSound, [2, 1, 64, 100]],
    ['sounds without a channel', 'sound', ofFlat, [2, 64, 100]],
  ])('runs a file for %s', async (_, side, y, inputShape) => {
    const path = write('encoder.onnx', { y, other: g.mul(y, 2) });
    const encoder = await open(onnxEncoder(path, side, options));
    expect(encoder.batch).toBe(2);
    const shape = [2, ...shapeOf(side, encoder.view)];
    const inputs = draw(shape, side);
    const name = side === 'picture' ? 'pixels' : 'mel';
    const wanted = g.interpret({ outputs: { y } }, { [name]: { shape: inputShape, data: inputs.data } }).y!;
    expectNear(await encoder.embed(inputs), wanted);
  });

  it("runs a file in the file's own batch", async () => {
    const four = g.input('pixels', [4, 3, 96, 96]);
    const encoder = await open(onnxEncoder(write('four.onnx', { y: g.mean(four, [2, 3]) }), 'picture', options));
    expect(encoder.batch).toBe(4);
    expect((await encoder.embed(draw([4, 3, 96, 96], 'four'))).shape).toEqual([4, 3]);
  });

  it('has another hash for another file, side or preset', async () => {
    const a = write('a.onnx', { y: ofPicture });
    const b = write('b.onnx', { y: g.mul(ofPicture, 2) });
    const hashOf = async (path: string) => (await open(onnxEncoder(path, 'picture', options))).hash;
    const first = await hashOf(a);
    expect(await hashOf(a)).toBe(first);
    expect(await hashOf(b)).not.toBe(first);
    const square = g.input('pixels', [2, 3, 224, 224]);
    const c = write('c.onnx', { y: g.mean(square, [2, 3]) });
    const [lvs, ezvsl] = await Promise.all(
      (['lvs', 'ezvsl'] as const).map(async (preset) => (await open(onnxEncoder(c, 'picture', { ...options, preset }))).hash),
    );
    expect(lvs).not.toBe(ezvsl);
  });

  const third = g.input('third', [2, 3, 96, 96]);
  it.each<[string, Side, g.Graph['outputs'], string]>([
    ['pictures of another size', 'picture', { y: g.mean(g.input('x', [2, 3, 64, 64]), [2, 3]) }, "it has 'x' [2, 3, 64, 64]"],
    [
      'a picture for sounds',
      'sound',
      { y: ofPicture },
      "expected one input [2, 1, 64, 100], as the preset 'laptop' makes sounds",
    ],
    [
      'a sound for pictures',
      'picture',
      { y: ofSound },
      "expected one input [2, 3, 96, 96], as the preset 'laptop' makes pictures",
    ],
    ['pictures without a channel', 'picture', { y: g.mean(g.input('x', [2, 96, 96]), [2]) }, "it has 'x' [2, 96, 96]"],
    ['two pictures', 'picture', { y: g.mean(g.add(picture, third), [2, 3]) }, "'third' [2, 3, 96, 96]"],
    ['a map', 'picture', { map: g.mean(picture, [1]) }, "expected embeddings [2, D] as its first output, got 'map' [2, 96, 96]"],
    ['embeddings of another batch', 'picture', { y: g.reshape(ofPicture, [4, 9]) }, "got 'y' [4, 9]"],
    ['embeddings that do not come first', 'picture', { map: g.mean(picture, [1]), y: ofPicture }, "got 'map' [2, 96, 96]"],
  ])('refuses %s', async (_, side, outputs, message) => {
    const path = write('refused.onnx', outputs);
    const error = await onnxEncoder(path, side, options).catch((e: Error) => e);
    expect(error).toMatchObject({ name: 'LocalizerError', message: expect.stringContaining(message) });
    expect((error as Error).message).toContain(path);
  });

  it('refuses what is no ONNX file', async () => {
    const path = join(folder, 'text.onnx');
    writeFileSync(path, 'hello');
    await expect(onnxEncoder(path, 'picture', options)).rejects.toMatchObject({ name: 'OnnxFileError' });
  });
});
