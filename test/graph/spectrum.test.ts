import { describe, expect, it } from 'vitest';
import { framedDft, hannWindow, input, interpret, lowerNchw, powerSpectrogram, tukeyWindow } from '../../src/graph/index.js';
import { float32 } from '../../src/tensor.js';
import { expectClose, golden, type Plain } from './golden.js';
import { runLowered } from './run-lowered.js';

const { sound, windows, spectrograms, dft } = golden<{
  sound: number[];
  windows: { taper: number; values: Plain }[];
  spectrograms: { sampleRate: number; segment: number; overlap: number; power: Plain }[];
  dft: { hop: number; real: Plain; imaginary: Plain };
}>('spectrum');
const feeds = { x: { shape: [1, sound.length], data: sound } };
const x = input('x', [1, sound.length]);
const batched = (plain: Plain): Plain => ({ shape: [1, ...plain.shape], data: plain.data });

describe('windows agree with scipy.signal.get_window', () => {
  it.each(windows)('Tukey $taper', ({ taper, values }) => {
    const [size] = values.shape as [number];
    expectClose({ shape: [size], data: tukeyWindow(size, taper) }, values, 1e-11);
  });
});

describe('spectrograms agree with SciPy', () => {
  it.each(spectrograms)('scipy.signal.spectrogram, $segment samples sharing $overlap', ({ power, ...options }) => {
    const { y } = interpret({ outputs: { y: powerSpectrogram(x, options) } }, feeds);
    expectClose(y!, batched(power), 1e-6);
  });
  it('numpy.fft.rfft of frames under a Hann window', () => {
    const found = interpret({ outputs: { ...framedDft(x, { hop: dft.hop, window: hannWindow(20) }) } }, feeds);
    expectClose(found.real!, batched(dft.real), 1e-6);
    expectClose(found.imaginary!, batched(dft.imaginary), 1e-6);
  });
});

describe('framedDft', () => {
  it('removes each frame its mean when asked to', () => {
    const options = { hop: 4, window: [1, 2, 3, 4, 5], detrend: true };
    const flat = { x: { shape: [2, 9], data: new Array<number>(18).fill(3) } };
    const { real, imaginary } = interpret({ outputs: { ...framedDft(input('x', [2, 9]), options) } }, flat);
    expect(real!.shape).toEqual([2, 3, 2]);
    for (const v of [...real!.data, ...imaginary!.data]) expect(Math.abs(v)).toBeLessThan(1e-5);
  });
  it.each([4095, 4096])('is exact to the last bin of frames of %s samples, from a model without their matrix', async (length) => {
    // Zeros and ones in a pattern without period: sums of few sines, so that one in a wrong place shows.
    const data = Float32Array.from({ length }, (_, n) => (n % 97 === 5 || n > length - 4 ? 1 : 0));
    const graph = { outputs: { ...framedDft(input('x', [1, length]), { hop: 1, window: data.map(() => 1) }) } };
    const lowered = lowerNchw(graph);
    expect(lowered.model.length).toBeLessThan(100_000);
    const { real, imaginary } = await runLowered(lowered, {
      feeds: { x: float32([1, length], data) },
      parameters: {},
      masks: {},
    });
    const bins = Math.floor(length / 2) + 1;
    expect(real!.shape).toEqual([1, bins, 1]);
    for (let k = 0; k < bins; k += k < bins - 40 ? 37 : 1) {
      const [re, im] = [Math.cos, Math.sin].map((wave) =>
        data.reduce((sum, v, n) => sum + v * wave((2 * Math.PI * ((k * n) % length)) / length), 0),
      );
      expect(Math.abs(real!.data[k]! - re!) + Math.abs(imaginary!.data[k]! + im!), `bin ${k}`).toBeLessThan(1e-4);
    }
  });
  it('says what does not fit, and where', () => {
    const window = hannWindow(8);
    expect(() => framedDft(input('x', [100]), { hop: 4, window })).toThrow(
      /must be \[batch, samples\]\n.*\n.*spectrum\.test\.ts/,
    );
    expect(() => framedDft(input('x', [1, 7]), { hop: 4, window })).toThrow(/framedDft: a frame of 8 .* into a sound of 7/);
    expect(() => framedDft(input('x', [1, 5000]), { hop: 4, window: hannWindow(4097) })).toThrow(
      /framedDft: frames have at most 4096 samples, not 4097/,
    );
    const short = { sampleRate: 1, segment: 8, overlap: 8 };
    expect(() => powerSpectrogram(input('x', [1, 9]), short)).toThrow(/powerSpectrogram: consecutive frames .* not 0/);
  });
});
