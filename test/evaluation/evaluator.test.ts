/** What must hold for every map, every ground truth and every protocol. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Scores } from '../../src/evaluation/evaluation.js';
import type { Protocol } from '../../src/evaluation/protocol.js';
import { groupedByName, protocols, withObjectPrior } from '../../src/evaluation/protocols.js';
import type { HeatMap } from '../../src/localization/heatMap.js';
import { Random } from '../../src/random.js';
import { benchmarkOf, boxes, evaluateMaps, noiseMap, perfectMap, randomBox } from './scenes.js';

const all: [string, Protocol][] = Object.entries(protocols);
const relative = all.filter(([, { values }]) => values.scale === 'minMax' || values.scale === 'negatedMinMax');
const ranked = all.filter(([, { binarize }]) => binarize.by === 'rank');

const scene = (seed: number, count = 6, soundsOfAPicture = 2) => {
  const random = new Random(seed, 'scene');
  const annotations = Array.from({ length: count }, (_, i) =>
    i % 3 === 2 ? boxes(randomBox(random), randomBox(random)) : boxes(randomBox(random)),
  );
  const maps = annotations.map(() => noiseMap(random));
  return { annotations, maps, benchmark: benchmarkOf(annotations, { soundsOfAPicture }) };
};
const seeds = fc.integer({ min: 0, max: 1e6 });
/** The same in every run: a pixel that changes sides by rounding could carry a sample over the threshold once in a thousand. */
const few = { numRuns: 6, seed: 4 };

/** Pixels at a threshold may change sides by rounding: samples stay within that, not more. */
function expectAlike(a: readonly { ciou: number | null; ciouAdap: number | null }[], b: typeof a) {
  for (const [i, sample] of a.entries())
    for (const key of ['ciou', 'ciouAdap'] as const) expect(Math.abs(sample[key]! - b[i]![key]!)).toBeLessThan(5e-3);
}

describe.each(relative)('under %s', (_, protocol) => {
  it('a map times a positive number plus a number gets the same', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.double({ min: 0.01, max: 100, noNaN: true }), async (seed, scale) => {
        const { benchmark, maps } = scene(seed);
        const scaled = maps.map((map) => ({ ...map, data: map.data.map((v) => scale * (v + 1)) }));
        const [first, second] = [await evaluateMaps(benchmark, protocol, maps), await evaluateMaps(benchmark, protocol, scaled)];
        expectAlike(first.samples, second.samples);
        expect(second.samples.map(({ pointing }) => pointing)).toEqual(first.samples.map(({ pointing }) => pointing));
      }),
      few,
    );
  });
});

describe.each(all)('under %s', (_, protocol) => {
  it('mirrored maps and boxes get the same', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const { annotations, benchmark, maps } = scene(seed);
        const mirrored = benchmarkOf(
          annotations.map((a) =>
            a.kind === 'boxes' ? boxes(...a.boxes.map(([x0, y0, x1, y1]) => [224 - x1, y0, 224 - x0, y1] as const)) : a,
          ),
          { soundsOfAPicture: 2 },
        );
        const turned = maps.map(({ data, height, width }): HeatMap => {
          const rows = Array.from({ length: height }, (_, y) => [...data.subarray(y * width, (y + 1) * width)].reverse());
          return { data: Float32Array.from(rows.flat()), height, width };
        });
        expectAlike(
          (await evaluateMaps(benchmark, protocol, maps)).samples,
          (await evaluateMaps(mirrored, protocol, turned)).samples,
        );
      }),
      few,
    );
  });

  it('the order of the samples does not matter', async () => {
    const { annotations, benchmark, maps } = scene(3, 8);
    const order = [5, 2, 7, 0, 4, 1, 6, 3];
    const shuffled = { ...benchmark, samples: order.map((i) => benchmark.samples[i]!) };
    const [first, second] = [
      await evaluateMaps(benchmark, protocol, maps),
      await evaluateMaps(
        shuffled,
        protocol,
        order.map((i) => maps[i]!),
      ),
    ];
    expect(annotations).toHaveLength(order.length);
    for (const key of ['scores', 'ceiling', 'centreBox', 'wholeImage'] as const)
      for (const [name, score] of Object.entries(first[key])) expect(second[key][name as keyof Scores]).toBeCloseTo(score, 12);
    for (const [name, [low, high]] of Object.entries(first.intervals)) {
      expect(second.intervals[name as keyof Scores]![0]).toBeCloseTo(low, 12);
      expect(second.intervals[name as keyof Scores]![1]).toBeCloseTo(high, 12);
    }
  });

  it('no map without ties is better than the ceiling, and its interval holds its score', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const { annotations, benchmark, maps } = scene(seed);
        const mixed = maps.map((map, i) => (i % 2 ? map : perfectMap(annotations[i]!)));
        const { scores, ceiling, intervals, tied } = await evaluateMaps(benchmark, protocol, mixed);
        expect(tied).toBe(0);
        for (const [name, highest] of Object.entries(ceiling))
          expect(scores[name as keyof Scores]).toBeLessThanOrEqual(highest + 1e-9);
        for (const [name, [low, high]] of Object.entries(intervals)) {
          expect(scores[name as keyof Scores]).toBeGreaterThanOrEqual(low - 1e-9);
          expect(scores[name as keyof Scores]).toBeLessThanOrEqual(high + 1e-9);
        }
      }),
      few,
    );
  });

  it('a perfect map reaches the ceiling, which is 1 where it may be as large as the object', async () => {
    const { annotations, benchmark } = scene(11);
    const { scores, ceiling } = await evaluateMaps(benchmark, protocol, annotations.map(perfectMap));
    expect(scores.cIoUAdap).toBe(1);
    expect(scores.IIoUAdap).toBe(1);
    expect(scores.pointing).toBe(1);
    if (protocol.values.scale === 'minMax' || protocol.values.scale === 'negatedMinMax') {
      expect(scores.cIoU).toBe(ceiling.cIoU);
      expect(scores.AUC).toBeCloseTo(ceiling.AUC!, 2);
    }
  });
});

describe.each(ranked)('under %s', (_, { comparison, ...protocol }) => {
  it('a box of less than a quarter cannot succeed at the median, whatever the map', async () => {
    const annotation = boxes([10, 10, 110, 110]);
    const { ceiling, scores } = await evaluateMaps(benchmarkOf([annotation]), { comparison, ...protocol }, [
      perfectMap(annotation),
    ]);
    expect(ceiling.cIoU).toBe(0);
    expect(scores.cIoU).toBe(0);
    expect(scores.cIoUAdap).toBe(1);
  });
});

describe('baselines', () => {
  it('whole image: ciou is the share of the picture that is the object, nothing is left alone', async () => {
    const { benchmark, maps } = scene(5, 20, 1);
    const { wholeImage, samples } = await evaluateMaps(benchmark, protocols.sslalign, maps);
    expect(wholeImage.cIoU).toBeCloseTo(samples.filter(({ area }) => area >= 0.5).length / 20, 12);
    expect(wholeImage.cIoUAdap).toBe(wholeImage.cIoU);
    expect(wholeImage.pointing).toBeCloseTo(samples.reduce((sum, { area }) => sum + area, 0) / 20, 12);
    expect(wholeImage.NSA).toBe(0);
  });

  it('centre box: found where the object is in the centre, not where it is in a corner', async () => {
    const annotations = [boxes([32, 32, 192, 192]), boxes([0, 0, 60, 60])];
    const random = new Random(1);
    const maps = annotations.map(() => noiseMap(random));
    for (const [, protocol] of all) {
      const { centreBox } = await evaluateMaps(benchmarkOf(annotations), protocol, maps);
      expect(centreBox.pointing).toBe(0.5);
      expect(centreBox.cIoUAdap).toBe(0.5);
    }
    // A threshold by value makes half the sides of it: a quarter of 224 x 224 pixels, of 160 x 160.
    const { centreBox } = await evaluateMaps(benchmarkOf([annotations[0]!]), protocols.avin, [maps[0]!]);
    expect(centreBox.NSA).toBe(1);
    expect(centreBox.cIoU).toBe(0);
  });

  it('do not hear, so they fail where one picture has several sounds', async () => {
    const { benchmark, maps } = scene(8, 40, 4);
    const { centreBox, images, singleImages } = await evaluateMaps(benchmark, protocols.sslalign, maps);
    expect([images, singleImages]).toEqual([10, 0]);
    expect(centreBox.IIoUAdap).toBeLessThan(0.2);
  });
});

describe('groups', () => {
  it('are pictures, or published names up to their last _', async () => {
    const annotations = [boxes([0, 0, 112, 112]), boxes([112, 112, 224, 224]), boxes([0, 112, 112, 224])];
    const benchmark = benchmarkOf(annotations, { soundsOfAPicture: 1 });
    const maps = [perfectMap(annotations[0]!), perfectMap(annotations[1]!), perfectMap(annotations[1]!)];
    const named = { ...benchmark, samples: benchmark.samples.map((s, i) => ({ ...s, publishedName: `x/cat_dog_7_${i}` })) };
    const byImage = await evaluateMaps(named, protocols.sslalign, maps);
    const byName = await evaluateMaps(named, groupedByName(protocols.sslalign), maps);
    expect(byImage.scores.IIoUAdap).toBeCloseTo(2 / 3, 12);
    expect(byName.scores.IIoUAdap).toBe(0);
    expect(byName.scores.cIoUAdap).toBeCloseTo(2 / 3, 12);
  });
});

describe('degenerate input has the answer of the protocol', () => {
  const [empty, whole, half] = [boxes([0, 0, 0, 0]), boxes([0, 0, 224, 224]), boxes([0, 0, 224, 112])];
  const constant: HeatMap = { data: new Float32Array(49).fill(0.3), height: 7, width: 7 };
  const random = new Random(2);

  it('an empty ground truth is missed, and counts', async () => {
    const { samples, scores, ceiling, N } = await evaluateMaps(benchmarkOf([empty]), protocols.sslalign, [noiseMap(random)]);
    expect(ceiling).toMatchObject({ cIoU: 0, cIoUAdap: 0, pointing: 0 });
    expect(samples[0]).toMatchObject({ ciou: 0, ciouAdap: 0, pointing: 0, area: 0 });
    expect(scores).toMatchObject({ cIoU: 0, cIoUAdap: 0, IIoU: 0 });
    expect(N).toBe(1);
  });

  it('0/0 is null in JSON and succeeds at no threshold, not even at 0', async () => {
    const { samples, scores, successCurve } = await evaluateMaps(benchmarkOf([empty]), protocols.sslalign, [constant]);
    expect(samples[0]!.ciou).toBeNull();
    expect(successCurve[0]).toBe(0);
    expect(scores.AUC).toBe(0);
  });

  it('a constant map predicts nothing above its threshold, everything at it, and is said to be tied', async () => {
    const above = await evaluateMaps(benchmarkOf([half]), protocols.sslalign, [constant]);
    expect(above.samples[0]).toMatchObject({ ciou: 0, ciouAdap: 0, pointing: 0.5 });
    expect(above.tied).toBe(1);
    const at = await evaluateMaps(benchmarkOf([half]), protocols.ezvsl, [constant]);
    expect(at.samples[0]).toMatchObject({ ciou: 0.5, ciouAdap: 0.5 });
    expect(at.tied).toBe(1);
  });

  it('a constant map is as confident as its value, whatever the scaling', async () => {
    const benchmark = benchmarkOf([half]);
    for (const [, protocol] of relative)
      expect((await evaluateMaps(benchmark, protocol, [constant])).samples[0]!.confidence).toBeCloseTo(0.3, 6);
  });

  it('the ceiling of an empty ground truth is not below what any map gets', async () => {
    const { scores, ceiling } = await evaluateMaps(benchmarkOf([empty]), protocols.avin, [noiseMap(random)]);
    expect(ceiling.AUC).toBe(scores.AUC);
  });

  it('an object that fills the picture has no non-sounding area', async () => {
    const { samples, scores } = await evaluateMaps(benchmarkOf([whole, half]), protocols.avin, [
      noiseMap(random),
      noiseMap(random),
    ]);
    expect(samples[0]!.NSA).toBeNull();
    expect(scores.NSA).toBe(samples[1]!.NSA);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('a map with %f is an error that names the sample and the place', async (v) => {
    const map = noiseMap(random);
    map.data[9] = v;
    await expect(evaluateMaps(benchmarkOf([half, half]), protocols.sslalign, [noiseMap(random), map])).rejects.toThrow(
      `sample 'sample 1' of scenes: expected finite values, the map (7 x 7) has ${v} in row 1, column 2`,
    );
  });

  it('a sample without a map is missing, and said so', async () => {
    const { N, missing } = await evaluateMaps(benchmarkOf([half, half]), protocols.sslalign, [noiseMap(random)]);
    expect(N).toBe(1);
    expect(missing).toEqual([{ file: 'sample 1', reason: 'the sample was given no map' }]);
  });

  it('nothing that sounds is an error', async () => {
    const benchmark = benchmarkOf([{ kind: 'nonSounding' }]);
    await expect(evaluateMaps(benchmark, protocols.slavc, [noiseMap(random)])).rejects.toThrow(
      'no sample with a sounding object',
    );
  });
});

describe('an object prior', () => {
  it('must be there when the protocol has one', async () => {
    const random = new Random(4);
    const benchmark = benchmarkOf([boxes(randomBox(random))]);
    await expect(evaluateMaps(benchmark, withObjectPrior(protocols.ezvsl), [noiseMap(random)])).rejects.toThrow(
      'there is none for this one',
    );
    expect(() => withObjectPrior(protocols.ezvsl, 1.5)).toThrow('alpha lies in [0, 1], got 1.5');
  });

  it('of weight 0 is the map alone, of weight 1 the prior alone', async () => {
    const { benchmark, maps } = scene(21);
    const random = new Random(5);
    const priors = maps.map(() => noiseMap(random));
    for (const [, protocol] of relative) {
      const alone = async (alpha: number) =>
        (await evaluateMaps(benchmark, withObjectPrior(protocol, alpha), maps, priors)).samples;
      expectAlike(await alone(1), (await evaluateMaps(benchmark, protocol, maps)).samples);
      expectAlike(await alone(0), (await evaluateMaps(benchmark, protocol, priors)).samples);
    }
  });
});

describe('a mixture with an object prior', () => {
  it('is scaled to its own range again before a threshold by value', async () => {
    const random = new Random(12);
    const annotation = boxes([20, 30, 150, 140]);
    const side = 224;
    const [map, prior] = [noiseMap(random, side), noiseMap(random, side)];
    const normalized = (values: Float32Array) => {
      const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
      return values.map((v) => (v - low) / (high - low));
    };
    const [a, b] = [normalized(map.data), normalized(prior.data)];
    const mixed = normalized(a.map((v, i) => 0.3 * v + 0.7 * b[i]!));
    let [inside, outside] = [0, 0];
    for (const [i, v] of mixed.entries()) {
      const [x, y] = [i % side, Math.floor(i / side)];
      const isObject = x >= 20 && x < 150 && y >= 30 && y < 140;
      if (v >= 0.5 && isObject) inside++;
      else if (v >= 0.5) outside++;
    }
    const { samples } = await evaluateMaps(benchmarkOf([annotation]), withObjectPrior(protocols.avin, 0.3), [map], [prior]);
    expect(samples[0]!.ciou).toBeCloseTo(inside / (130 * 110 + outside), 3);
    expect(samples[0]!.NSA).toBeCloseTo(1 - outside / (side * side - 130 * 110), 3);
  });
});

describe('intervals', () => {
  it('of IIoU count each picture once, however many sounds it has', async () => {
    const object = boxes([0, 0, 100, 100]);
    const elsewhere = boxes([120, 120, 224, 224]);
    // Twenty pictures with three sounds that fail, twenty with one that succeeds.
    const pictures = Array.from({ length: 80 }, (_, i) => (i < 60 ? `several ${Math.floor(i / 3)}` : `one ${i}`));
    const plain = benchmarkOf(pictures.map(() => object));
    const benchmark = { ...plain, samples: plain.samples.map((sample, i) => ({ ...sample, image: pictures[i]! })) };
    const [good, bad] = [perfectMap(object), perfectMap(elsewhere)];
    const evaluation = await evaluateMaps(
      benchmark,
      protocols.sslalign,
      pictures.map((name) => (name.startsWith('one') ? good : bad)),
    );
    expect(evaluation.scores.IIoUAdap).toBe(0.5);
    const [low, high] = evaluation.intervals.IIoUAdap!;
    expect((low + high) / 2).toBeCloseTo(0.5, 1);
    expect(high - low).toBeGreaterThan(0.25);
    expect(high - low).toBeLessThan(0.35);
  });
});

describe('samples without a source', () => {
  it('count for AP and F1 alone', async () => {
    const random = new Random(6);
    const annotations = [boxes([0, 0, 224, 120]), { kind: 'nonSounding' as const }, boxes([0, 100, 224, 224])];
    const benchmark = benchmarkOf(annotations);
    const quiet = { ...noiseMap(random), data: new Float32Array(49).map((_, i) => -9 + i / 100) };
    const maps = [perfectMap(annotations[0]!), quiet, perfectMap(annotations[2]!)];
    const { scores, N, sounding, samples } = await evaluateMaps(benchmark, protocols['slavc-relative'], maps);
    expect([N, sounding]).toEqual([3, 2]);
    expect(scores).toMatchObject({ maxF1: 1, LocAcc: 1, cIoU: 1 });
    expect(samples[1]).toMatchObject({ sounding: false, ciou: null });
    expect(samples[1]!.confidence).toBeLessThan(samples[0]!.confidence);
  });
});
