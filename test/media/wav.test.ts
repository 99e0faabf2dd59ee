import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MediaError } from '../../src/media/types.js';
import { encodeWav, readWav } from '../../src/media/wav.js';
import { golden } from '../graph/golden.js';
import { ascii, chunk, counted, extensibleBody, float32s, fmtBody, int16s, read, riff, u32, u64, wavOf } from './wavFile.js';

const fmt = chunk('fmt ', fmtBody());
const data = chunk('data', int16s(16384, -32768, 32767, 0));
const expected = [0.5, -1, 32767 / 32768, 0];

describe('a WAV file', () => {
  it.each(golden<{ name: string; file: string; sampleRate: number; channels: number[][] }[]>('wav'))(
    'is read as libsndfile reads it: $name',
    async ({ file, sampleRate, channels }) => {
      const bytes = Uint8Array.from(Buffer.from(file, 'base64'));
      for (const [channel, samples] of channels.entries())
        expect(await read(bytes, { channel })).toEqual({ sampleRate, samples: Float32Array.from(samples) });
      const mean = channels[0]!.map((_, i) => channels.reduce((sum, c) => sum + c[i]!, 0) / channels.length);
      const mix = await read(bytes);
      mean.forEach((v, i) => expect(mix?.samples[i]).toBeCloseTo(v, 6));
    },
  );

  it('may hold chunks of odd and even length before and after, and a longer fmt chunk', async () => {
    const list = chunk('LIST', ascii('INFOodd'));
    for (const bytes of [
      riff(list, fmt, chunk('id3 ', [1]), data, list),
      riff(chunk('fmt ', [...fmtBody(), 0, 0]), chunk('fact', u32(4)), data),
      riff(chunk('JUNK', new Array(3000).fill(7)), chunk('fmt ', extensibleBody({})), data),
    ])
      expect([...(await read(bytes))!.samples]).toEqual(expected);
  });

  it('may begin anywhere in memory', async () => {
    const bytes = riff(
      chunk('fmt ', fmtBody({ tag: 3, bits: 64 })),
      chunk('data', [...new Uint8Array(Float64Array.of(0.5, -2).buffer)]),
    );
    for (let shift = 0; shift < 8; shift++) {
      const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
      shifted.set(bytes);
      expect([...(await read(shifted))!.samples]).toEqual([0.5, -2]);
    }
  });

  it('mixes and picks up to 64 channels', async () => {
    const bytes = wavOf(
      Array.from({ length: 128 }, (_, i) => i * 64),
      { channels: 64 },
    );
    expect([...(await read(bytes, { channel: 63 }))!.samples]).toEqual([63 / 512, 127 / 512]);
    expect([...(await read(bytes))!.samples]).toEqual([31.5 / 512, 95.5 / 512]);
  });

  it('gives the part asked for, and reads nothing else of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -32768, max: 32767 }), { minLength: 1, maxLength: 60 }),
        fc.nat(59),
        fc.integer({ min: 1, max: 80 }),
        async (values, first, count) => {
          fc.pre(first < values.length);
          const file = counted(wavOf(values, { rate: 10 }));
          const clip = await readWav(file, { start: first / 10, duration: count / 10 });
          const part = values.slice(first, first + count);
          expect([...clip!.samples]).toEqual(part.map((v) => v / 32768));
          expect(file.bytesRead).toBe(44 + 2 * part.length);
        },
      ),
    );
  });

  it('rounds times to samples, and gives one at least', async () => {
    const bytes = wavOf([1, 2, 3, 4, 5], { rate: 10 });
    const part = async (start: number, duration: number) =>
      [...(await read(bytes, { start, duration }))!.samples].map((v) => v * 32768);
    expect(await part(0.14, 0.26)).toEqual([2, 3, 4]);
    expect(await part(0.16, 0.24)).toEqual([3, 4]);
    expect(await part(0.4, 1e-9)).toEqual([5]);
  });

  it('in another codec is left to others', async () => {
    for (const body of [
      fmtBody({ tag: 7, bits: 8 }),
      extensibleBody({ tag: 6, bits: 8 }),
      extensibleBody({}, new Array(14).fill(1)),
    ])
      expect(await read(riff(chunk('fmt ', body), data))).toBeUndefined();
  });
});

describe('a WAV file whose length was not known', () => {
  it.each([0xffff_ffff, 0x7fff_f000])('goes to its end when it says %i', async (length) => {
    expect([...(await read(riff(fmt, chunk('data', int16s(16384, -32768, 32767, 0), length))))!.samples]).toEqual(expected);
    const cut = riff(fmt, chunk('data', [...int16s(16384), 9], length)).slice(0, -1);
    expect([...(await read(cut))!.samples]).toEqual([0.5]);
  });

  it('tells it in 64 bits as RF64', async () => {
    const rf64 = (length: bigint) =>
      Uint8Array.from([
        ...[...ascii('RF64'), ...u32(0xffff_ffff), ...ascii('WAVE')],
        ...chunk('ds64', [...u64(100n), ...u64(length), ...u64(4n), ...u32(0)]),
        ...fmt,
        ...chunk('data', int16s(16384, -32768, 32767, 0), 0xffff_ffff),
      ]);
    expect([...(await read(rf64(8n)))!.samples]).toEqual(expected);
    expect([...(await read(rf64(4n)))!.samples]).toEqual(expected.slice(0, 2));
    for (const length of [10n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n])
      await expect(read(rf64(length))).rejects.toThrow(
        /^test.wav: truncated: its data chunk should have \d+ bytes, 8 are there$/,
      );
  });
});

describe('a bad WAV file', () => {
  const header = (fields: Parameters<typeof fmtBody>[0]) => riff(chunk('fmt ', fmtBody(fields)), data);
  const cases: [string, Uint8Array, MediaError['problem'], string][] = [
    ['no channels', header({ channels: 0, align: 2 }), 'corrupt', 'expected 1 to 64 channels, got 0'],
    ['65 channels', header({ channels: 65 }), 'corrupt', 'expected 1 to 64 channels, got 65'],
    ['0 Hz', header({ rate: 0 }), 'corrupt', 'expected a sample rate from 1 to 1000000 Hz, got 0'],
    ['10^9 Hz', header({ rate: 1e9 }), 'corrupt', 'expected a sample rate from 1 to 1000000 Hz, got 1000000000'],
    ['a wrong block length', header({ align: 4 }), 'corrupt', 'expected 2 bytes for 1 channels of 16 bits, its header says 4'],
    ['no block length', header({ align: 0 }), 'corrupt', 'expected 2 bytes for 1 channels of 16 bits, its header says 0'],
    ['no bits', header({ bits: 0 }), 'corrupt', 'integer or 32 or 64 of float a sample, got 0 (format 1)'],
    ['12 bits', header({ bits: 12, align: 2 }), 'corrupt', 'got 12 (format 1)'],
    ['floats of 16 bits', header({ tag: 3 }), 'corrupt', 'got 16 (format 3)'],
    [
      'a short fmt chunk',
      riff(chunk('fmt ', fmtBody().slice(0, 14)), data),
      'corrupt',
      'a fmt chunk of 16 bytes or more, got 14',
    ],
    ['a short extensible', riff(chunk('fmt ', fmtBody({ tag: 0xfffe })), data), 'corrupt', 'fmt chunk of 40 bytes, got 16'],
    [
      'a fmt chunk over the end',
      riff(chunk('fmt ', fmtBody(), 99)),
      'corrupt',
      "its 'fmt ' chunk should have 99 bytes, 16 are there",
    ],
    ['no fmt chunk', riff(data), 'corrupt', 'expected a fmt chunk before the data chunk'],
    ['fmt after data', riff(data, fmt), 'corrupt', 'expected a fmt chunk before the data chunk'],
    ['no data chunk', riff(fmt), 'corrupt', 'expected a data chunk, there is none'],
    ['no chunk', riff(), 'corrupt', 'expected a data chunk and a fmt chunk before it, there is none'],
    ['no samples', riff(fmt, chunk('data', [])), 'corrupt', 'there are no samples in it'],
    ['half a sample', riff(fmt, chunk('data', [1])), 'corrupt', 'there are no samples in it'],
    ['a data chunk over the end', riff(fmt, chunk('data', int16s(1, 2), 6)), 'corrupt', 'should have 6 bytes, 4 are there'],
    ['2^32 - 2 bytes', riff(fmt, chunk('data', int16s(1), 0xffff_fffe)), 'corrupt', 'should have 4294967294 bytes, 2 are there'],
    [
      'a chunk of 2^32 - 1 bytes',
      riff(fmt, chunk('LIST', [1], 0xffff_ffff), data),
      'corrupt',
      'expected a data chunk, there is none',
    ],
    [
      'a thousand chunks',
      riff(fmt, ...new Array(1000).fill(chunk('JUNK', [])), data),
      'corrupt',
      'expected a data chunk, there is none',
    ],
    ['nothing', new Uint8Array(0), 'unsupported', "expected a WAV file (RIFF or RF64, WAVE), it begins ''"],
    ['a picture', Uint8Array.from(ascii('RIFF0000WEBPVP8 ')), 'unsupported', "it begins 'RIFF'"],
    ['big-endian', Uint8Array.from([...ascii('RIFX'), ...riff(fmt, data).slice(4)]), 'unsupported', "it begins 'RIFX'"],
  ];
  it.each(cases)('with %s is refused', async (_, bytes, problem, message) => {
    const error = await read(bytes).then(
      () => expect.fail('was read'),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(MediaError);
    expect(error).toMatchObject({ problem, file: 'test.wav', message: expect.stringContaining(message) });
  });

  it('is refused wherever it was cut off', async () => {
    const bytes = wavOf([1, 2, 3, 4]);
    for (let length = 0; length < bytes.length; length++) await expect(read(bytes.slice(0, length))).rejects.toThrow(MediaError);
  });

  it.each([Number.NaN, Infinity, -Infinity])('with %d among its samples is refused, with the position', async (bad) => {
    for (const [bits, body] of [
      [32, float32s(0, 0.5, bad, 0)],
      [64, [...new Uint8Array(Float64Array.of(0, 0.5, bad, 0).buffer)]],
    ] as const) {
      const bytes = riff(chunk('fmt ', fmtBody({ tag: 3, bits, rate: 8 })), chunk('data', body));
      await expect(read(bytes, { start: 0.125 })).rejects.toThrow(`expected finite samples, that at 0.25 s is ${bad}`);
      const stereo = riff(chunk('fmt ', fmtBody({ tag: 3, bits, rate: 8, channels: 2 })), chunk('data', body));
      await expect(read(stereo)).rejects.toThrow('expected finite samples, that at 0.125 s is');
      expect([...(await read(stereo, { channel: 1 }))!.samples]).toEqual([0.5, 0]);
    }
  });

  it('stays whole when any byte of it is another', async () => {
    const right = wavOf([1, -2, 3, -4], { channels: 2 });
    await fc.assert(
      fc.asyncProperty(fc.nat(right.length - 1), fc.nat(255), async (position, value) => {
        const bytes = right.slice();
        bytes[position] = value;
        const clip = await read(bytes).catch((error: unknown) => {
          expect(error).toBeInstanceOf(MediaError);
        });
        if (clip) expect(clip.samples.every(Number.isFinite) && clip.samples.length > 0 && clip.samples.length <= 8).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('limits', () => {
  const bytes = wavOf(new Array(40).fill(1), { rate: 10 });

  it('bound the part that is asked for, before it is read', async () => {
    for (const [limits, message] of [
      [{ maxSeconds: 3.9 }, '4 s of sound are more than the limit of 3.9 (maxSeconds)'],
      [{ maxBytes: 79 }, '80 bytes of sound are more than the limit of 79 (maxBytes)'],
    ] as const) {
      const file = counted(bytes);
      const error = await readWav(file, { limits }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ problem: 'tooLarge', message: `test.wav: ${message}` });
      expect(file.bytesRead).toBe(44);
      expect((await read(bytes, { limits, duration: 1 }))!.samples).toHaveLength(10);
    }
    expect((await read(bytes, { limits: { maxSeconds: 4, maxBytes: 80 } }))!.samples).toHaveLength(40);
    expect((await read(bytes, { limits: { maxSeconds: undefined } }))!.samples).toHaveLength(40);
  });

  it('name what is not there', async () => {
    await expect(read(bytes, { channel: 1 })).rejects.toMatchObject({
      problem: 'noSound',
      message: 'test.wav: there is no channel 1: the sound has 1, counted from 0',
    });
    await expect(read(bytes, { start: 4 })).rejects.toMatchObject({
      problem: 'corrupt',
      message: 'test.wav: expected sound from 4 s on, it ends at 4 s',
    });
  });
});

describe('encodeWav', () => {
  it('writes 16 bits that read back as they were', async () => {
    const every = Float32Array.from({ length: 65536 }, (_, i) => (i - 32768) / 32768);
    expect(await read(encodeWav({ sampleRate: 16000, samples: every }))).toEqual({ sampleRate: 16000, samples: every });
  });

  it('writes the bytes of the format', () => {
    expect(encodeWav({ sampleRate: 16000, samples: Float32Array.of(0.5, -1) })).toEqual(wavOf([16384, -32768]));
    expect(encodeWav({ sampleRate: 8000, samples: Float32Array.of(0.1) }, 'float32')).toEqual(
      riff(chunk('fmt ', fmtBody({ tag: 3, bits: 32, rate: 8000 })), chunk('fact', u32(1)), chunk('data', float32s(0.1))),
    );
  });

  it('rounds to the nearest and limits what is beyond', async () => {
    const samples = Float32Array.from([0.4, 0.5, 0.6, -0.5, -0.6, 32767.4, 32767.5, 40000, -32768.6, -1e9], (v) => v / 32768);
    const found = (await read(encodeWav({ sampleRate: 8000, samples })))!.samples;
    expect([...found].map((v) => v * 32768)).toEqual([0, 1, 1, 0, -1, 32767, 32767, 32767, -32768, -32768]);
  });

  it('writes floats that read back as they were', async () => {
    const finite = fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: 1 });
    await fc.assert(
      fc.asyncProperty(finite, async (samples) => {
        expect((await read(encodeWav({ sampleRate: 44100, samples }, 'float32')))!.samples).toEqual(samples);
      }),
    );
  });

  it('refuses what no file can hold', () => {
    const encode = (sampleRate: number, ...samples: number[]) => encodeWav({ sampleRate, samples: Float32Array.from(samples) });
    expect(() => encode(8000, 0, Number.NaN)).toThrow(new RangeError('encodeWav: expected finite samples, number 1 is NaN'));
    for (const rate of [0, 0.5, -8000, 1e7])
      expect(() => encode(rate, 0)).toThrow(
        new RangeError(`encodeWav: expected a sample rate in whole Hz up to 1000000, got ${rate}`),
      );
  });
});
