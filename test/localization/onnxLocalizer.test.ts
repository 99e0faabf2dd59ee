/** Which inputs and outputs of an ONNX file are what. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as g from '../../src/graph/index.js';
import { onnxLocalizer } from '../../src/localization/onnxLocalizer.js';
import { float32, sizeOf } from '../../src/tensor.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'localizer-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const options = { picture: 'laptop', sound: 'laptop', batch: 2 };
const waves = (shape: number[], step: number) =>
  float32(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * step)),
  );
const frames = waves([2, 3, 96, 96], 0.37);
const spectrograms = waves([2, 1, 64, 100], 0.11);

const picture = g.input('picture', [2, 3, 96, 96]);
const sound = g.input('audio', [2, 1, 64, 100]);
const blocks = g.conv2d(picture, g.constant(waves([1, 3, 8, 8], 0.2)), { stride: 8 });
/** [2, 1, 12, 12]: blocks of the picture, times the sound's largest value. */
const heat = g.mul(blocks, g.max(sound, [1, 2, 3], true));
const flat = g.reshape(heat, [2, 12, 12]);
/** The sound as some models take it, without a channel. */
const withoutChannel = g.mul(blocks, g.reshape(g.max(g.input('audio', [2, 64, 100]), [1, 2]), [2, 1, 1, 1]));

const write = (name: string, outputs: g.Graph['outputs']) => {
  writeFileSync(join(folder, name), g.lowerNchw({ outputs }).model);
  return join(folder, name);
};

it.each<[string, g.Graph['outputs']]>([
  ['[B, h, w]', { map: flat }],
  ['[B, 1, h, w]', { map: heat }],
  ['of any name when it is the only one', { attention: heat, logits: g.reshape(heat, [2, 144]) }],
  ['called map among others of that rank', { attention: g.mul(heat, g.scalar(2)), map: heat }],
  ['called heatmap, in capitals', { attention: g.mul(flat, g.scalar(2)), HeatMap: flat }],
  ['of a sound without a channel', { map: withoutChannel }],
])('the map is the output %s', async (_, outputs) => {
  const path = write('map.onnx', outputs);
  const localizer = await onnxLocalizer(path, options);
  const { maps, imageEmbeddings, soundEmbeddings } = await localizer.localize(frames, spectrograms);
  await localizer.release();
  const wanted = g.interpret({ outputs: { flat } }, { picture: frames, audio: spectrograms }).flat!;
  expect([localizer.name, maps.shape, imageEmbeddings, soundEmbeddings]).toEqual(['map.onnx', [2, 12, 12], undefined, undefined]);
  for (const [i, value] of maps.data.entries()) expect(Math.abs(value - wanted.data[i]!)).toBeLessThan(1e-4);
  expect(new Set(maps.data).size).toBeGreaterThan(100);
});

const image = g.mean(picture, [2, 3]);
const ear = g.mean(sound, [1, 2]);

it.each([
  ['imageEmbedding', 'soundEmbedding'],
  ['image_embedding', 'audio_embedding'],
  ['visual_embeddings', 'AudioEmbeddings'],
])('the embeddings are the outputs %s and %s', async (imageName, soundName) => {
  const path = write('embeddings.onnx', { [soundName]: ear, map: heat, [imageName]: image });
  const localizer = await onnxLocalizer(path, options);
  const { imageEmbeddings, soundEmbeddings } = await localizer.localize(frames, spectrograms);
  await localizer.release();
  const wanted = g.interpret({ outputs: { image, ear } }, { picture: frames, audio: spectrograms });
  for (const [got, { shape, data }] of [
    [imageEmbeddings!, wanted.image!],
    [soundEmbeddings!, wanted.ear!],
  ] as const) {
    expect(got.shape).toEqual(shape);
    for (const [i, value] of got.data.entries()) expect(Math.abs(value - data[i]!)).toBeLessThan(1e-5);
  }
});

it('of one embedding alone nothing is made', async () => {
  const localizer = await onnxLocalizer(write('one.onnx', { map: heat, imageEmbedding: image }), options);
  const { imageEmbeddings } = await localizer.localize(frames, spectrograms);
  await localizer.release();
  expect(imageEmbeddings).toBeUndefined();
});

const third = g.input('third', [2, 3, 96, 96]);
it.each<[string, g.Graph['outputs'], string]>([
  [
    'several maps, none of them called so',
    { left: heat, right: flat },
    "called 'map' where there are several, it has 'left' [2, 1, 12, 12], 'right' [2, 12, 12]",
  ],
  ['a map of another batch', { map: g.reshape(heat, [1, 24, 12]) }, "its output 'map' is [1, 24, 12], expected 2 as its first"],
  [
    'an image embedding of another batch',
    { map: heat, imageEmbedding: g.reshape(image, [1, 6]), soundEmbedding: ear },
    "its output 'imageEmbedding' is [1, 6], expected 2 as its first size, the batch",
  ],
  [
    'a sound embedding of another batch',
    { map: heat, imageEmbedding: image, soundEmbedding: g.reshape(ear, [4, 50]) },
    "its output 'soundEmbedding' is [4, 50], expected 2",
  ],
  ['two pictures', { map: g.add(heat, g.mean(third, [1, 2, 3], true)) }, "'third' [2, 3, 96, 96]"],
])('refused: %s', async (_, outputs, message) => {
  const path = write('refused.onnx', outputs);
  const error = await onnxLocalizer(path, options).catch((e: Error) => e);
  expect(error).toMatchObject({ name: 'LocalizerError', message: expect.stringContaining(message) });
  expect((error as Error).message).toContain(path);
});
