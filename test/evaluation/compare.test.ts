import { describe, expect, it } from 'vitest';
import { compareEvaluations } from '../../src/evaluation/compare.js';
import { protocols } from '../../src/evaluation/protocols.js';
import { Random } from '../../src/random.js';
import { benchmarkOf, boxes, evaluateMaps, noiseMap, perfectMap, randomBox } from './scenes.js';

const random = new Random(3);
const annotations = Array.from({ length: 24 }, () => boxes(randomBox(random)));
const benchmark = benchmarkOf(annotations, { soundsOfAPicture: 2 });
const good = await evaluateMaps(benchmark, protocols.sslalign, annotations.map(perfectMap));
const bad = await evaluateMaps(
  benchmark,
  protocols.sslalign,
  annotations.map(() => noiseMap(random)),
);

describe('two models', () => {
  it('differ by the difference of their scores', () => {
    const compared = compareEvaluations(good, bad);
    for (const name of ['cIoU', 'cIoUAdap', 'AUC', 'AUCAdap', 'pointing'] as const)
      expect(compared[name].difference).toBeCloseTo(good.scores[name] - bad.scores[name], 10);
    expect(compared.cIoUAdap).toMatchObject({ samples: 24, groups: 12 });
    expect(compared.cIoUAdap.p).toBeLessThan(0.01);
  });

  it('that are the same do not differ', () => {
    expect(compareEvaluations(bad, bad).AUC).toMatchObject({ difference: 0, p: 1 });
  });

  it('are compared on the samples that both have', () => {
    const fewer = { ...bad, samples: bad.samples.slice(4) };
    expect(compareEvaluations(good, fewer).cIoU.samples).toBe(20);
    expect(() => compareEvaluations(good, { ...bad, samples: [] })).toThrow("no sample of 'maps' is one of 'maps'");
  });

  it('of two benchmarks or protocols are not compared', () => {
    expect(() => compareEvaluations(good, { ...bad, benchmark: 'is3' })).toThrow("the benchmarks 'scenes' and 'is3'");
    expect(() => compareEvaluations(good, { ...bad, protocol: protocols.lvs })).toThrow("the protocols 'sslalign' and 'lvs'");
  });
});
