import { describe, expect, it } from 'vitest';
import { fitClip } from '../../src/features/clip.js';
import { SpectrogramKernel } from '../../src/features/kernels/index.js';
import { planOf } from '../../src/features/plan.js';
import { soundPresets } from '../../src/features/presets.js';
import type { SoundSpec } from '../../src/features/spec.js';
import { spectrogram } from '../../src/features/spectrogram.js';
import { gradients, input, interpret, lowerNchw, lowerRows, sum } from '../../src/graph/index.js';
import { float32 } from '../../src/tensor.js';
import { golden } from '../graph/golden.js';
import { runLowered } from '../graph/run-lowered.js';
import { type Digest, expectDigest, syntheticSound } from './synthetic.js';

interface Sound {
  preset: keyof typeof soundPresets;
  length: number;
  log: Digest;
}

const sounds = [...golden<{ sounds: Sound[] }>('preprocessing').sounds, ...golden<{ sounds: Sound[] }>('melSpectrogram').sounds];
const fitted = ({ preset, length }: Sound) => {
  const { clip } = soundPresets[preset];
  return fitClip({ sampleRate: clip.sampleRate, samples: syntheticSound(length) }, clip);
};

describe('sound presets agree with SciPy and torchaudio', () => {
  it.each(sounds)('$preset on $length samples, by the kernel', (sound) => {
    const plan = planOf(soundPresets[sound.preset]);
    const data = new SpectrogramKernel(plan).run(fitted(sound));
    expectDigest({ shape: [plan.bins, plan.frames], data }, sound.log, 1e-4);
  });
  it.each(sounds)('$preset on $length samples, by the graph', async (sound) => {
    const plan = planOf(soundPresets[sound.preset]);
    const graph = { outputs: { y: spectrogram(input('x', [1, plan.samples]), plan) } };
    const feeds = { x: float32([1, plan.samples], fitted(sound)) };
    const { y } = await runLowered(lowerNchw(graph), { feeds, parameters: {}, masks: {} });
    expect(y!.shape).toEqual([1, 1, plan.bins, plan.frames]);
    expectDigest({ shape: [plan.bins, plan.frames], data: y!.data }, sound.log, 1e-4);
  });
});

/** A preset over a tenth of its sound or less. */
function shortened(spec: SoundSpec): SoundSpec {
  const { slice, ...clip } = spec.clip;
  const { keep, ...rest } = spec.spectrogram;
  return { ...spec, clip: { ...clip, samples: 4321 }, spectrogram: { ...rest, ...(keep && { keep: [1, 7] }) } };
}

describe('the graph fragment', () => {
  it.each(Object.values(soundPresets).map(shortened))('agrees with the kernel in every lowering: $name', async (spec) => {
    const plan = planOf(spec);
    const clips = [9000, 1234].map((length) =>
      fitClip({ sampleRate: spec.clip.sampleRate, samples: syntheticSound(length) }, spec.clip),
    );
    const kernel = new SpectrogramKernel(plan);
    const expected = clips.flatMap((clip) => [...kernel.run(clip)]);
    const x = float32(
      [2, plan.samples],
      clips.flatMap((clip) => [...clip]),
    );
    const graph = { outputs: { y: spectrogram(input('x', x.shape), plan) } };
    const run = { feeds: { x }, parameters: {}, masks: {} };
    const results = [interpret(graph, { x }), await runLowered(lowerNchw(graph), run), await runLowered(lowerRows(graph), run)];
    for (const { y } of results) {
      expect(y!.shape).toEqual([2, 1, plan.bins, plan.frames]);
      expected.forEach((value, i) => {
        const error = Math.abs(y!.data[i]! - value) / Math.max(1, Math.abs(value));
        expect(error, `element ${i}: ${y!.data[i]} instead of ${value}`).toBeLessThan(1e-4);
      });
    }
  });

  it('lets gradients through to the sound', () => {
    const plan = planOf(shortened(soundPresets.laptop));
    const x = input('x', [1, plan.samples]);
    const feeds = { x: float32([1, plan.samples], syntheticSound(plan.samples)) };
    const y = sum(spectrogram(x, plan));
    const { dx } = interpret({ outputs: { dx: gradients(y, [x]).get(x)! } }, feeds);
    // Frames 1 to 6 see samples 480 - 512 .. 6 * 480 + 512 of the sound, the first ones mirrored.
    const at = 1000;
    const nudged = (by: number) => {
      const data = Float64Array.from(feeds.x.data);
      data[at]! += by;
      return interpret({ outputs: { y } }, { x: { shape: [1, plan.samples], data } }).y!.data[0]!;
    };
    expect(dx!.data[at]).toBeCloseTo((nudged(1e-4) - nudged(-1e-4)) / 2e-4, 3);
    expect(dx!.data[6 * 480 + 512]).toBe(0);
  });

  it('says which sound it wants', () => {
    const plan = planOf(soundPresets.ezvsl);
    expect(() => spectrogram(input('x', [1, 47999]), plan)).toThrow(
      /spectrogram: the sound must be \[batch, 48000\], as fitClip/,
    );
    expect(() => spectrogram(input('x', [48000]), plan)).toThrow(/spectrogram: the sound must be/);
  });
});
