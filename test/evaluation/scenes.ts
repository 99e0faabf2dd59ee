/** Small seeded benchmarks and maps to evaluate. */
import type { Annotation, Benchmark, BenchmarkSample } from '../../src/datasets/benchmarks/types.js';
import type { Evaluation } from '../../src/evaluation/evaluation.js';
import { Evaluator } from '../../src/evaluation/evaluator.js';
import type { Protocol } from '../../src/evaluation/protocol.js';
import type { HeatMap } from '../../src/localization/heatMap.js';
import type { Random } from '../../src/random.js';

type Box = readonly [number, number, number, number];
const units = { width: 224, height: 224 };

export const boxes = (...list: Box[]): Annotation => ({ kind: 'boxes', boxes: list, frame: units });

export const benchmarkOf = (
  annotations: readonly Annotation[],
  { annotators = 'one' as Benchmark['annotators'], soundsOfAPicture = 1, name = 'scenes' } = {},
): Benchmark => ({
  name,
  annotators,
  problems: [],
  samples: annotations.map((annotation, i): BenchmarkSample => {
    const image = `scene ${Math.floor(i / soundsOfAPicture)}`;
    return { id: `sample ${i}`, image, publishedName: `${image}_${i}`, category: ['cat', 'dog'][i % 2], annotation };
  }),
});

/** Boxes anywhere, with whole corners. */
export function randomBox(random: Random): Box {
  const corner = () => Math.floor(random.uniform() * 180);
  const [x, y] = [corner(), corner()];
  return [x, y, x + 8 + Math.floor(random.uniform() * (216 - x)), y + 8 + Math.floor(random.uniform() * (216 - y))];
}

/** Noise without equal values. */
export const noiseMap = (random: Random, side = 7): HeatMap => ({
  data: Float32Array.from({ length: side * side }, () => random.normal()),
  height: side,
  width: side,
});

/** At the size of the scores: 1 inside the boxes, falling away from them, all values different. */
export function perfectMap(annotation: Annotation): HeatMap {
  const data = new Float32Array(224 * 224);
  const list = annotation.kind === 'boxes' ? annotation.boxes : [];
  for (let y = 0, i = 0; y < 224; y++)
    for (let x = 0; x < 224; x++, i++) {
      const inside = list.some(([x0, y0, x1, y1]) => x >= x0 && x < x1 && y >= y0 && y < y1);
      data[i] = Number(inside) + i * 2 ** -18;
    }
  return { data, height: 224, width: 224 };
}

export async function evaluateMaps(
  benchmark: Benchmark,
  protocol: Protocol,
  maps: readonly HeatMap[],
  priors?: readonly HeatMap[],
): Promise<Evaluation> {
  const evaluator = new Evaluator(benchmark, protocol, 'maps');
  for (const [i, map] of maps.entries()) await evaluator.add(i, map, priors?.[i]);
  return evaluator.result();
}
