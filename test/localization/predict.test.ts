/** ONNX files as models: read, run on real files, against the float64 interpreter. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBenchmark } from '../../src/datasets/index.js';
import { Loader } from '../../src/datasets/loader/loader.js';
import { evaluateModel } from '../../src/evaluation/evaluateModel.js';
import { Evaluator } from '../../src/evaluation/evaluator.js';
import { openMaps } from '../../src/evaluation/maps/index.js';
import { protocols } from '../../src/evaluation/protocols.js';
import { picturePresets, soundPresets } from '../../src/features/presets.js';
import { interpret } from '../../src/graph/index.js';
import { TensorProto_DataLocation, TensorProto_DataType } from '../../src/graph/onnx/onnx_pb.js';
import { onnxLocalizer } from '../../src/localization/onnxLocalizer.js';
import { pairsOf } from '../../src/localization/predict.js';
import { openBatch, tinyModel, withMetadata, writeModel } from '../evaluation/models.js';
import { writeScenes } from '../report/runs.js';

let folder: string;
let annotations: string;
const at = (name: string) => join(folder, name);
const laptop = { picture: 'laptop', sound: 'laptop', batch: 4 };
const tiny = tinyModel(4);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'models-'));
  annotations = await writeScenes(at('scenes'), 5);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a model', () => {
  it('gives the maps and embeddings that the interpreter computes from the same files, whatever its batch', async () => {
    const benchmark = await readBenchmark('world', { annotations });
    const localizer = await onnxLocalizer(writeModel(at('open.onnx'), tiny, openBatch), laptop);
    const evaluator = new Evaluator(benchmark, protocols.sslalign, 'tiny');
    const embeddings = await evaluateModel(localizer, [evaluator], { mapFile: at('maps.npy') });
    await localizer.release();

    const views = { frame: { picture: picturePresets.laptop }, spectrogram: { sound: soundPresets.laptop } };
    const loader = new Loader(pairsOf(benchmark), { views, batch: 10, shuffle: false });
    const source = await openMaps(at('maps.npy'));
    const maps: Float32Array[] = [];
    for await (const { data } of source.maps()) maps.push(data);
    expect([source.count, maps[0]!.length]).toEqual([10, 36]);
    for await (const { tensors } of loader.epoch(0)) {
      const { graph } = tinyModel(10);
      const outputs = interpret(graph, tensors);
      const wanted = outputs.map!.data;
      for (const [i, map] of maps.entries())
        for (const [k, v] of map.entries()) expect(Math.abs(v - wanted[36 * i + k]!)).toBeLessThan(1e-4);
      for (const [which, name] of [
        ['image', 'imageEmbedding'],
        ['sound', 'soundEmbedding'],
      ] as const) {
        expect(embeddings![which].shape).toEqual([10, 8]);
        for (const [k, v] of embeddings![which].data.entries()) expect(Math.abs(v - outputs[name]!.data[k]!)).toBeLessThan(1e-4);
      }
    }
    await loader.close();
    await source.close();
    expect(evaluator.result()).toMatchObject({ N: 10, missing: [] });
  });

  it('knows its preprocessing from its metadata', async () => {
    const known = withMetadata({ 'earshot.picture': 'laptop', 'earshot.sound': 'laptop' });
    const localizer = await onnxLocalizer(writeModel(at('known.onnx'), tiny, known), { batch: 4 });
    expect(localizer.views.frame.picture).toBe(picturePresets.laptop);
    await localizer.release();
  });

  it('leaves out a pair that cannot be read: it is missing, the others are as before', async () => {
    const damaged = at('damaged');
    const list = await writeScenes(damaged, 5);
    writeFileSync(join(damaged, '1.png'), readFileSync(join(damaged, '1.png')).subarray(0, 90));
    const run = async (path: string, mapFile: string) => {
      const benchmark = await readBenchmark('world', { annotations: path });
      const evaluator = new Evaluator(benchmark, protocols.sslalign, 'tiny');
      const localizer = await onnxLocalizer(at('open.onnx'), laptop);
      await evaluateModel(localizer, [evaluator], { mapFile });
      await localizer.release();
      return evaluator.result();
    };
    const whole = await run(annotations, at('whole.npy'));
    const partly = await run(list, at('partly.npy'));
    expect(partly.N).toBe(8);
    expect(partly.missing).toHaveLength(2);
    expect(partly.missing[0]!.reason).toContain('PNG');
    expect(partly.samples.map(({ ciou }) => ciou)).toEqual(
      whole.samples.filter(({ image }) => !image.includes('1.png')).map(({ ciou }) => ciou),
    );
    const source = await openMaps(at('partly.npy'));
    const isMissing: boolean[] = [];
    for await (const { data } of source.maps()) isMissing.push(Number.isNaN(data[0]));
    expect(isMissing).toEqual([false, false, true, true, false, false, false, false, false, false]);
  });

  it('needs the pictures and sounds', async () => {
    const benchmark = await readBenchmark('world', { annotations });
    const without = { ...benchmark, samples: benchmark.samples.map(({ picture: _, ...sample }) => sample) };
    expect(() => pairsOf(without)).toThrow('pass --data with the folder they lie in');
  });
});

describe('refused:', () => {
  const refusals: [string, () => string, object, string][] = [
    ['no preset', () => writeModel(at('none.onnx'), tiny), { batch: 4 }, 'pass --picture with one of sslalign, lvs'],
    ['an unknown preset', () => writeModel(at('none.onnx'), tiny), { ...laptop, sound: 'loud' }, "no sound preset 'loud', only"],
    [
      'another preset',
      () => writeModel(at('none.onnx'), tiny),
      { ...laptop, picture: 'lvs' },
      "its input 'frame' is [4, 3, 96, 96], the preset 'lvs' makes [4, 3, 224, 224]",
    ],
    ['another batch', () => writeModel(at('none.onnx'), tiny), { ...laptop, batch: 2 }, 'pass another preset, or --batch 4'],
    [
      'an input too few',
      () => writeModel(at('one.onnx'), tiny, (m) => void m.graph!.input.pop()),
      laptop,
      'expected two inputs, a picture [B, 3, S, S]',
    ],
    [
      'no map',
      () => writeModel(at('mapless.onnx'), tiny, (m) => void m.graph!.output.splice(0, 1)),
      laptop,
      'expected an output map [B, h, w]',
    ],
    [
      'an open size',
      () =>
        writeModel(at('size.onnx'), tiny, (m) => {
          const { type } = m.graph!.input[0]!;
          if (type?.value.case === 'tensorType') type.value.value.shape!.dim[2]!.value = { case: 'dimParam', value: 'height' };
        }),
      laptop,
      "size 2 ('height') is not fixed",
    ],
    [
      'integers',
      () =>
        writeModel(at('ints.onnx'), tiny, (m) => {
          const { type } = m.graph!.input[0]!;
          if (type?.value.case === 'tensorType') type.value.value.elemType = TensorProto_DataType.INT64;
        }),
      laptop,
      "input 'frame': expected a tensor of float32",
    ],
    [
      'weights outside of its folder',
      () =>
        writeModel(at('outside.onnx'), tiny, (m) => {
          const tensor = m.graph!.initializer[0]!;
          tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
          tensor.externalData = [{ $typeName: 'onnx.StringStringEntryProto', key: 'location', value: '../../etc/passwd' }];
        }),
      laptop,
      'lie in "../../etc/passwd"; expected a file in the model\'s folder',
    ],
    [
      'half a file',
      () => {
        writeFileSync(at('half.onnx'), tiny.bytes.subarray(0, tiny.bytes.length / 2));
        return at('half.onnx');
      },
      laptop,
      'it is no ONNX model',
    ],
    [
      'another file',
      () => {
        writeFileSync(at('text.onnx'), 'hello');
        return at('text.onnx');
      },
      laptop,
      'it is no ONNX model',
    ],
    [
      'an unknown operation',
      () =>
        writeModel(at('unknown.onnx'), tiny, (m) => {
          m.graph!.node[0]!.opType = 'Teleport';
        }),
      laptop,
      'Teleport',
    ],
  ];
  it.each(refusals)('%s', async (_, make, options, message) => {
    const error = await onnxLocalizer(make(), options as typeof laptop).catch((e: Error) => e);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toContain(message);
  });
});
