/** The published evaluators' own numbers: aggregates to 1e-6, samples to a pixel at the threshold. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Annotation, Benchmark } from '../../src/datasets/benchmarks/types.js';
import type { Evaluation, Scores } from '../../src/evaluation/evaluation.js';
import type { Protocol } from '../../src/evaluation/protocol.js';
import { groupedByName, type ProtocolName, protocols, withObjectPrior } from '../../src/evaluation/protocols.js';
import type { HeatMap } from '../../src/localization/heatMap.js';
import { encodePng } from '../../src/media/picture.js';
import { type MapKernel, MapResizer } from '../../src/metrics/resize.js';
import golden from '../golden/evaluators.json' with { type: 'json' };
import { benchmarkOf, evaluateMaps } from './scenes.js';

type Values = (number | null)[];
/** Scores, and values of each sample. */
type Expected = Partial<Scores> & { ciou?: Values; ciouAdap?: Values; confidence?: Values; nsa?: Values };

interface Case {
  name: string;
  repository: string;
  protocol: ProtocolName;
  maps: keyof typeof golden.arrays;
  priors?: keyof typeof golden.arrays;
  alpha?: number;
  boxes: [number, number, number, number][][];
  /** Side of what the boxes' units are of; 224 where nothing is said. */
  frame?: number;
  annotators?: Benchmark['annotators'];
  names?: string[];
  expected: Expected & { OGL?: Expected };
}

function mapsOf(name: keyof typeof golden.arrays): HeatMap[] {
  const { shape, data } = golden.arrays[name];
  const values = new Float32Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer);
  const [count, height, width] = shape as [number, number, number];
  const size = height * width;
  return Array.from({ length: count }, (_, i) => ({ data: values.slice(i * size, (i + 1) * size), height, width }));
}

/** A pixel at the threshold may fall to the other side where programs round otherwise. */
const aPixel = 2e-3;

function expectValues(found: Values, wanted: Values): void {
  expect(found.map((v) => v === null)).toEqual(wanted.map((v) => v === null));
  for (const [i, v] of found.entries()) expect(Math.abs((v ?? 0) - (wanted[i] ?? 0))).toBeLessThan(aPixel);
}

function check(
  { scores, samples }: Evaluation,
  { ciou, ciouAdap, confidence, nsa, OGL: _, ...wanted }: Expected & { OGL?: Expected },
): void {
  for (const [name, score] of Object.entries(wanted))
    expect(
      Math.abs(scores[name as keyof Scores]! - score),
      `${name}: ${scores[name as keyof Scores]}, published ${score}`,
    ).toBeLessThan(1e-6);
  if (ciou)
    expectValues(
      samples.map((sample) => sample.ciou),
      ciou,
    );
  if (ciouAdap)
    expectValues(
      samples.map((sample) => sample.ciouAdap),
      ciouAdap,
    );
  if (nsa)
    expectValues(
      samples.map((sample) => sample.NSA),
      nsa,
    );
  if (confidence) for (const [i, sample] of samples.entries()) expect(sample.confidence).toBeCloseTo(confidence[i]!, 5);
}

const cases = golden.cases as Case[];

function benchmarkOfCase({ boxes: list, frame = 224, annotators, names, protocol }: Case): {
  benchmark: Benchmark;
  own: Protocol;
} {
  const annotations = list.map(
    (own): Annotation =>
      own.length > 0 ? { kind: 'boxes', boxes: own, frame: { width: frame, height: frame } } : { kind: 'nonSounding' },
  );
  const benchmark = benchmarkOf(annotations, { annotators });
  const samples = benchmark.samples.map((sample, i) => ({ ...sample, publishedName: names?.[i] ?? sample.publishedName }));
  return { benchmark: { ...benchmark, samples }, own: names ? groupedByName(protocols[protocol]) : protocols[protocol] };
}

describe('the same is said', () => {
  it.each(cases)('as by $repository: $name', async (one) => {
    const { benchmark, own } = benchmarkOfCase(one);
    check(await evaluateMaps(benchmark, own, mapsOf(one.maps)), one.expected);
  });

  it.each(cases.filter(({ expected }) => expected.OGL))('as by $repository, with an object prior: $name', async (one) => {
    const { benchmark, own } = benchmarkOfCase(one);
    const mixed = withObjectPrior(own, one.alpha);
    check(await evaluateMaps(benchmark, mixed, mapsOf(one.maps), mapsOf(one.priors!)), one.expected.OGL!);
  });
});

describe('AVSBench (OpenNLPLab/AVSBench)', () => {
  it('says the same of masks, an empty one among them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'masks-'));
    try {
      const annotations: Annotation[] = [];
      for (const [i, { data, width, height }] of mapsOf('masks').entries()) {
        const rgb = Uint8Array.from({ length: 3 * data.length }, (_, k) => 255 * data[Math.floor(k / 3)]!);
        const path = join(folder, `${i}.png`);
        writeFileSync(path, await encodePng({ width, height, rgb }));
        annotations.push({ kind: 'mask', path });
      }
      // The published program compares masks at the size they have.
      const { scores, samples } = await evaluateMaps(
        benchmarkOf(annotations),
        { ...protocols.avsbench, size: 32 },
        mapsOf('maskLogits'),
      );
      expect(scores.mIoU).toBeCloseTo(golden.avsbench.mIoU, 6);
      expect(scores.FScore).toBeCloseTo(golden.avsbench.FScore, 6);
      expectValues(
        samples.map(({ iou }) => iou!),
        golden.avsbench.iou,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('resizing', () => {
  it.each(golden.resizes)('$by $kernel, aligned corners $alignCorners', ({ map, kernel, alignCorners, values }) => {
    const resizer = new MapResizer(map.length, map[0]!.length, 224, 224, kernel as MapKernel, alignCorners);
    const found = resizer.resize(Float32Array.from(map.flat()));
    for (const [i, [y, x]] of golden.places.entries()) expect(Math.abs(found[224 * y! + x!]! - values[i]!)).toBeLessThan(2e-6);
  });
});
