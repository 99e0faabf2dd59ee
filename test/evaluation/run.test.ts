/** The folder of a run: what is written is what is read, and nothing else is. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBenchmark } from '../../src/datasets/index.js';
import { openRunFolder, type Run, readRun, runOf, writeRun } from '../../src/evaluation/run.js';
import { writeScenes, writeScenesRun } from '../report/runs.js';

let folder: string;
let annotations: string;
let made: Run;
const at = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'run-'));
  annotations = await writeScenes(at('scenes'), 3);
  made = await writeScenesRun(annotations, at('made'), 'made', 0.5);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a run', () => {
  it('is read as it was written', async () => {
    const { maps, ...rest } = JSON.parse(readFileSync(at('made', 'evaluation.json'), 'utf8'));
    const { maps: path, ...read } = made;
    expect(read).toEqual(rest);
    expect([path, maps]).toEqual([at('made', 'maps.npy'), at('made', 'maps.npy')]);
  });

  it('has pictures, sounds and boxes in shares of the picture, one of each sample', async () => {
    const benchmark = await readBenchmark('world', { annotations });
    const { media, ids, evaluation } = runOf(benchmark, made.evaluation, 'maps.npy');
    expect(ids).toEqual(benchmark.samples.map(({ id }) => id));
    expect(media).toHaveLength(evaluation.samples.length);
    const entries = JSON.parse(readFileSync(annotations, 'utf8')) as { image: string; audio: string; box: number[] }[];
    for (const [i, { image, audio, box }] of entries.entries()) {
      expect(media[i]!.picture).toEqual({ path: at('scenes', image) });
      expect(media[i]!.sound).toEqual({ path: at('scenes', audio) });
      expect(media[i]!.boxes).toEqual([box.map((v) => v / 48)]);
    }
  });

  it('has maps relative to its folder', async () => {
    mkdirSync(at('relative'));
    await writeRun(at('relative'), { ...made, maps: '../made/maps.npy' });
    expect((await readRun(at('relative'))).maps).toBe(at('made', 'maps.npy'));
  });
});

describe('a folder of a run', () => {
  it('is made, and taken when it is empty or holds a run; a temporary file is no obstacle', async () => {
    await openRunFolder(at('new', 'deep'));
    writeFileSync(at('new', 'deep', '.evaluation.json.tmp'), '');
    await openRunFolder(at('new', 'deep'));
    await openRunFolder(at('made'));
    expect(readdirSync(at('made')).sort()).toEqual(['evaluation.json', 'maps.npy']);
  });

  it('is no other one', async () => {
    await expect(openRunFolder(at('scenes'))).rejects.toThrow("an earlier evaluation; it holds '0-0.wav'");
  });
});

describe('what is not a run', () => {
  it.each<[string, (run: Run) => unknown, RegExp]>([
    ['another version', (run) => ({ ...run, version: 2 }), /not an evaluation of this version \(version: /],
    ['no samples', (run) => ({ ...run, evaluation: { ...run.evaluation, samples: 'many' } }), /evaluation\.samples: /],
    [
      'half a curve',
      (run) => ({ ...run, evaluation: { ...run.evaluation, successCurve: [1, 0] } }),
      /evaluation\.successCurve: .*; evaluate again/,
    ],
    ['media of fewer samples', (run) => ({ ...run, media: run.media.slice(1) }), /not an evaluation of this version/],
    [
      'an answer that is no sample',
      (run) => ({ ...run, retrieval: [{ query: 'sound', sample: 0, best: [run.media.length] }] }),
      /not an evaluation of this version/,
    ],
    [
      'a question that is no sample',
      (run) => ({ ...run, retrieval: [{ query: 'sound', sample: -1, best: [0] }] }),
      /retrieval\.0\.sample: /,
    ],
    ['a box with three sides', (run) => ({ ...run, media: run.media.map(() => ({ boxes: [[0, 0, 1]] })) }), /media\.0\.boxes\.0/],
  ])('%s', async (name, change, message) => {
    mkdirSync(at(name));
    writeFileSync(at(name, 'evaluation.json'), JSON.stringify(change(made)));
    const reading = readRun(at(name));
    await expect(reading).rejects.toMatchObject({ name: 'EvaluationError' });
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow(at(name, 'evaluation.json'));
  });

  it('an empty folder, text, and a file of any size', async () => {
    mkdirSync(at('empty'));
    await expect(readRun(at('empty'))).rejects.toThrow(
      'expected a folder made by "earshot evaluate --out", it has no evaluation.json',
    );
    writeFileSync(at('empty', 'evaluation.json'), '{');
    await expect(readRun(at('empty'))).rejects.toThrow('it is no JSON');
    truncateSync(at('empty', 'evaluation.json'), 2 ** 28 + 1);
    await expect(readRun(at('empty'))).rejects.toThrow('268435457 bytes are more than an evaluation has');
  });
});
