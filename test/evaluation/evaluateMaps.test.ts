/** Files of maps, matched with the samples they are of. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateMaps as evaluateFile, readPriors } from '../../src/evaluation/evaluateMaps.js';
import { Evaluator } from '../../src/evaluation/evaluator.js';
import { NpyWriter } from '../../src/evaluation/maps/index.js';
import { protocols, withObjectPrior } from '../../src/evaluation/protocols.js';
import type { HeatMap } from '../../src/localization/heatMap.js';
import { Random } from '../../src/random.js';
import { saveSafetensors } from '../../src/runtime/safetensors.js';
import { float32 } from '../../src/tensor.js';
import { benchmarkOf, boxes, evaluateMaps, noiseMap, randomBox } from './scenes.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evaluate-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const random = new Random(1);
const benchmark = benchmarkOf(Array.from({ length: 5 }, () => boxes(randomBox(random))));
const maps = benchmark.samples.map(() => noiseMap(random));

async function npy(name: string, list: readonly HeatMap[]): Promise<string> {
  const path = join(folder, name);
  const writer = await NpyWriter.create(path, [list.length, 7, 7]);
  for (const [i, { data }] of list.entries()) await writer.write(i, data);
  await writer.finish();
  return path;
}

async function named(name: string, list: Record<string, HeatMap>): Promise<string> {
  const path = join(folder, name);
  await saveSafetensors(
    path,
    Object.fromEntries(Object.entries(list).map(([id, { data, height, width }]) => [id, float32([height, width], data)])),
  );
  return path;
}

const evaluator = () => new Evaluator(benchmark, protocols.sslalign, 'file');

describe('maps without names', () => {
  it('belong to the samples in their order', async () => {
    const one = evaluator();
    const steps: string[] = [];
    const onProgress = (done: number, total: number) => steps.push(`${done}/${total}`);
    expect(await evaluateFile(await npy('all.npy', maps), [one], { onProgress })).toEqual({ unused: 0 });
    expect(one.result().samples).toEqual((await evaluateMaps(benchmark, protocols.sslalign, maps)).samples);
    expect(steps).toEqual(['1/5', '2/5', '3/5', '4/5', '5/5']);
  });

  it('must be as many as the samples', async () => {
    const few = await npy('few.npy', maps.slice(1));
    await expect(evaluateFile(few, [evaluator()])).rejects.toThrow(
      'expected 5 maps, one for each sample of scenes in the order of the annotations, there are 4',
    );
    const partly = new Evaluator({ ...benchmark, problems: [{ file: 'x', reason: 'y' }] }, protocols.sslalign, 'file');
    await expect(evaluateFile(await npy('more.npy', [...maps, maps[0]!]), [partly])).rejects.toThrow(
      '(1 more are annotated and cannot be used), there are 6',
    );
  });
});

describe('maps with names', () => {
  it('belong to the samples of these ids, may be fewer, and more', async () => {
    const one = evaluator();
    const path = await named('some.safetensors', { 'sample 3': maps[3]!, 'sample 0': maps[0]!, other: maps[1]! });
    expect(await evaluateFile(path, [one])).toEqual({ unused: 1 });
    const { samples, missing, N } = one.result();
    const all = (await evaluateMaps(benchmark, protocols.sslalign, maps)).samples;
    expect(samples).toEqual([all[0], all[3]]);
    expect(N).toBe(2);
    expect(missing.map(({ file }) => file)).toEqual(['sample 1', 'sample 2', 'sample 4']);
  });

  it("are the same in both forms of VGGSound's names", async () => {
    const clips = { ...benchmark, samples: benchmark.samples.map((s, i) => ({ ...s, id: `abcdefghij${i}_000030` })) };
    const one = new Evaluator(clips, protocols.sslalign, 'file');
    await evaluateFile(await named('clips.safetensors', { abcdefghij2_30000_40000: maps[2]!, abcdefghij4_000030: maps[4]! }), [
      one,
    ]);
    expect(one.result().samples.map(({ id }) => id)).toEqual(['abcdefghij2_000030', 'abcdefghij4_000030']);
  });

  it('of no sample at all are an error', async () => {
    const path = await named('foreign.safetensors', { a: maps[0]!, b: maps[1]! });
    await expect(evaluateFile(path, [evaluator()])).rejects.toThrow("'a' is not like 'sample 0'");
  });
});

describe('object priors', () => {
  it('are given to the evaluators whose protocol has one, by sample', async () => {
    const priors = maps.toReversed();
    const path = await named('priors.safetensors', Object.fromEntries(priors.map((map, i) => [`sample ${i}`, map])));
    const [plain, mixed] = [evaluator(), new Evaluator(benchmark, withObjectPrior(protocols.sslalign), 'with prior')];
    await evaluateFile(await npy('again.npy', maps), [plain, mixed], { priors: await readPriors(path, benchmark) });
    const wanted = await evaluateMaps(benchmark, withObjectPrior(protocols.sslalign), maps, priors);
    expect(mixed.result().samples).toEqual(wanted.samples);
    expect(plain.result().samples).not.toEqual(wanted.samples);
  });

  it('that are missing for a sample are an error that names it', async () => {
    const mixed = new Evaluator(benchmark, withObjectPrior(protocols.sslalign), 'with prior');
    const path = await named('one.safetensors', { 'sample 0': maps[0]! });
    const priors = await readPriors(path, benchmark);
    await expect(evaluateFile(await npy('third.npy', maps), [mixed], { priors })).rejects.toThrow("sample 'sample 1' of scenes");
  });
});

describe('threads', () => {
  const mixedBenchmark = benchmarkOf(benchmark.samples.map(({ annotation }) => annotation));

  it('find what is found without them, for every evaluator', async () => {
    const path = await npy('threads.npy', maps);
    const both = () =>
      [
        new Evaluator(mixedBenchmark, protocols.sslalign, 'plain', { masks: true }),
        new Evaluator(mixedBenchmark, withObjectPrior(protocols.sslalign), 'with prior'),
      ] as const;
    const priors = new Map(maps.toReversed().map((map, i) => [i, map]));
    const [alone, threaded] = [both(), both()];
    await evaluateFile(path, [...alone], { priors, threads: 0 });
    await evaluateFile(path, [...threaded], { priors, threads: 2 });
    for (const i of [0, 1] as const) expect(threaded[i].result()).toEqual(alone[i].result());
  });

  it('end with the first error, which names the sample', async () => {
    const bad = maps.map((map, i) => (i === 2 ? { ...map, data: map.data.map(() => Number.NaN) } : map));
    await expect(evaluateFile(await npy('nan.npy', bad), [evaluator()], { threads: 2 })).rejects.toThrow(
      "sample 'sample 2' of scenes: expected finite values, the map (7 x 7) has NaN in row 0, column 0",
    );
  });
});

it('an aborted evaluation throws the reason', async () => {
  const reason = new Error('stopped');
  await expect(evaluateFile(await npy('last.npy', maps), [evaluator()], { signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
});
