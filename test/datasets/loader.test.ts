import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Batch, Loader, type LoaderOptions, type PairSet, readPairs, tarEnd, tarMember } from '../../src/datasets/index.js';
import { FeatureCache } from '../../src/datasets/loader/cache.js';
import {
  fitClip,
  type PictureSpec,
  pictureTensor,
  planOf,
  type SoundSpec,
  SpectrogramKernel,
  soundPresets,
} from '../../src/features/index.js';
import { encodePng, encodeWav, type Frame, readSound, writeVideo } from '../../src/media/index.js';
import { Random } from '../../src/random.js';

const sound: SoundSpec = {
  ...soundPresets.laptop,
  clip: { ...soundPresets.laptop.clip, samples: 4000, take: 'start' },
  spectrogram: { ...soundPresets.laptop.spectrogram, segment: 256, hop: 200, keep: undefined },
};
const picture: PictureSpec = {
  name: 'tiny',
  source: 'this test',
  size: 12,
  fit: 'squash',
  resize: 'pillow',
  kernel: 'bicubic',
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
};
const augmentation = { kind: 'crop', resized: { shortSide: 16 }, size: 12, flip: 0.5, kernel: 'bilinear' } as const;
const plain = { frame: { picture }, spectrogram: { sound } };
const random = {
  frame: { picture, augmentation },
  spectrogram: {
    sound,
    shift: { seconds: 0.1 },
    mask: { time: { width: 4 }, frequency: { width: 9 }, probability: 0.5, fill: -1 },
  },
};

const frameOf = (i: number): Frame => {
  const noise = new Random(1, 'frame', i);
  return { width: 20, height: 14, rgb: Uint8Array.from({ length: 840 }, () => 256 * noise.uniform()) };
};
const clipOf = (i: number) => {
  const noise = new Random(1, 'clip', i);
  // A whole number of sixteen-bit steps: it comes back from the file as it was.
  const samples = Float32Array.from({ length: 4800 }, () => Math.round(20000 * (noise.uniform() - 0.5)) / 32768);
  return { sampleRate: 16000, samples };
};

const count = 23;
/** Pairs whose picture or sound is broken. */
const broken = new Set([4, 17]);
let folder: string;
let good: PairSet;
let mixed: PairSet;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'earshot-loader-'));
  for (let i = 0; i < count; i++) {
    const [png, wav] = [await encodePng(frameOf(i)), encodeWav(clipOf(i), 'int16')];
    await writeFile(join(folder, `${i}.png`), png);
    await writeFile(join(folder, `${i}.wav`), wav);
    await writeFile(join(folder, `mixed${i}.png`), i === 4 ? png.subarray(0, 300) : png);
    await writeFile(join(folder, `mixed${i}.wav`), i === 17 ? wav.subarray(0, 1000) : wav);
  }
  const list = async (name: string, prefix: string) => {
    const rows = Array.from({ length: count }, (_, i) => `${prefix}${i}.png,${prefix}${i}.wav`);
    await writeFile(join(folder, name), ['image,audio', ...rows].join('\n'));
    return readPairs(join(folder, name));
  };
  good = await list('good.csv', '');
  mixed = await list('mixed.csv', 'mixed');
});
afterAll(() => rm(folder, { recursive: true }));

/** What a batch holds, copied: its memory is used again. */
const copied = ({ ids, indices, tensors }: Batch) => ({
  ids,
  indices,
  tensors: Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }])),
});

async function batches(pairs: PairSet, options: Partial<LoaderOptions>, epochs: readonly number[] = [0], from = 0) {
  const loader = new Loader(pairs, { views: plain, batch: 5, workers: 2, ...options });
  const found: ReturnType<typeof copied>[] = [];
  try {
    for (const epoch of epochs) for await (const batch of loader.epoch(epoch, { from })) found.push(copied(batch));
  } finally {
    await loader.close();
  }
  return { found, problems: loader.problems };
}

describe('Loader', () => {
  /** Every sample is what features makes of its pair. */
  function expectPlain(found: readonly ReturnType<typeof copied>[]) {
    const plan = planOf(sound);
    const kernel = new SpectrogramKernel(plan);
    for (const { indices, tensors } of found) {
      expect(tensors.frame!.shape).toEqual([indices.length, 3, 12, 12]);
      expect(tensors.spectrogram!.shape).toEqual([indices.length, 1, plan.bins, plan.frames]);
      for (const [slot, i] of indices.entries()) {
        const frame = new Float32Array(3 * 144);
        pictureTensor(frameOf(i), picture, frame);
        expect(tensors.frame!.data.subarray(432 * slot, 432 * (slot + 1))).toEqual(frame);
        const size = plan.bins * plan.frames;
        const spectrogram = kernel.run(fitClip(clipOf(i), sound.clip));
        expect(tensors.spectrogram!.data.subarray(size * slot, size * (slot + 1))).toEqual(spectrogram);
      }
    }
  }

  it('gives every pair once, as features makes them', async () => {
    const { found, problems } = await batches(good, { shuffle: false, lastBatch: 'keep' });
    expect(found.map(({ indices }) => indices.length)).toEqual([5, 5, 5, 5, 3]);
    expect(found.flatMap(({ indices }) => indices)).toEqual([...Array(count).keys()]);
    expect(found.flatMap(({ ids }) => ids)).toEqual(good.pairs.map(({ id }) => id));
    expect(problems).toEqual([]);
    expectPlain(found);
    // Also where samples had to change places.
    const [last] = (await batches(mixed, { shuffle: false, lastBatch: 'keep', batch: 23 })).found;
    expect(last!.indices.map((index) => index)).not.toEqual([...last!.indices].sort((x, y) => x - y));
    expectPlain([last!]);
  });

  it('is the same whatever the threads, the batches read ahead and the memory', async () => {
    const reference = await batches(mixed, { views: random, workers: 1, prefetch: 1, cacheBytes: 0 }, [0, 1, 2]);
    for (const options of [{ workers: 3 }, { prefetch: 7 }, { cacheBytes: 20_000 }])
      expect((await batches(mixed, { views: random, ...options }, [0, 1, 2])).found).toEqual(reference.found);
  });

  it('orders and augments anew in every epoch, and as the seed says', async () => {
    const run = async (seed: number, epochs: readonly number[]) =>
      (await batches(good, { views: random, seed, lastBatch: 'keep' }, epochs)).found;
    const [first, second, again, other] = [await run(1, [0]), await run(1, [1]), await run(1, [0]), await run(2, [0])];
    expect(again).toEqual(first);
    expect(second.map(({ ids }) => ids)).not.toEqual(first.map(({ ids }) => ids));
    expect(other.map(({ ids }) => ids)).not.toEqual(first.map(({ ids }) => ids));
    // Pair 3 looks different in the other epoch, and its sound sounds different.
    const sampleOf = (batch: typeof first) => {
      const { indices, tensors } = batch.find((b) => b.indices.includes(3))!;
      return Object.values(tensors).map(({ shape, data }) => {
        const size = data.length / shape[0]!;
        return data.slice(size * indices.indexOf(3), size * (indices.indexOf(3) + 1));
      });
    };
    const views = [sampleOf(first), sampleOf(second)];
    expect(views[0]![0]).not.toEqual(views[1]![0]);
    expect(views[0]![1]).not.toEqual(views[1]![1]);
  });

  it('leaves bad pairs out, fills their places and says what was wrong, once', async () => {
    const { found, problems } = await batches(mixed, {}, [0, 1]);
    expect(found.map(({ indices }) => indices.length)).toEqual(Array(8).fill(5));
    for (const epoch of [found.slice(0, 4), found.slice(4)]) {
      const used = epoch.flatMap(({ indices }) => indices);
      expect(new Set(used).size).toBe(20);
      expect(used.some((i) => broken.has(i))).toBe(false);
    }
    expect(problems.map(({ file }) => file).sort()).toEqual(['mixed17.wav', 'mixed4.png'].map((name) => join(folder, name)));
    for (const { file, reason } of problems) expect(reason).not.toContain(file);
  });

  it.each([0, 1, 2, 3])('goes on in the middle of an epoch as if it had not stopped (seed %i)', async (seed) => {
    const whole = await batches(mixed, { views: random, seed, lastBatch: 'keep' });
    const bad = whole.problems.map(({ id }) => id);
    expect(bad).toHaveLength(2);
    for (const from of [1, 3]) {
      const rest = await batches(mixed, { views: random, seed, lastBatch: 'keep', bad }, [0], from);
      expect(rest.found).toEqual(whole.found.slice(from));
      expect(rest.problems).toEqual([]);
    }
  });

  it('reads shards through a shuffle window', async () => {
    const shards = await mkdtemp(join(folder, 'shards-'));
    for (const s of [0, 1]) {
      const members = Array.from({ length: 8 }, (_, i) => 8 * s + i).map(async (i) => [
        tarMember(`${i}.png`, await encodePng(frameOf(i))),
        tarMember(`${i}.wav`, encodeWav(clipOf(i), 'int16')),
      ]);
      await writeFile(join(shards, `shard-${s}.tar`), Buffer.concat([...(await Promise.all(members)).flat(), tarEnd]));
    }
    const pairs = await readPairs(shards);
    const { found } = await batches(pairs, { batch: 4, shuffle: 2 });
    const order = found.flatMap(({ indices }) => indices);
    expect([...order].sort((a, b) => a - b)).toEqual([...Array(16).keys()]);
    // A window of two: the first seven come from one shard.
    expect(new Set(order.slice(0, 7).map((i) => i >> 3)).size).toBe(1);
    const fromFiles = (await batches(good, { shuffle: false, batch: 16 })).found[0]!;
    const fromShards = (await batches(pairs, { shuffle: false, batch: 16 })).found[0]!;
    expect(fromShards.tensors).toEqual(fromFiles.tensors);
  });

  it('draws other random numbers for every view, pair and seed', async () => {
    const twin = { ...good.pairs[0]!, id: 'twin' };
    const pairs = { name: 'twins', pairs: [good.pairs[0]!, twin], problems: [] };
    const views = { one: random.frame, two: random.frame, a: random.spectrogram, b: random.spectrogram };
    const seen = new Set<string>();
    for (const seed of [0, 1, 2])
      for (const { tensors } of (await batches(pairs, { views, batch: 2, seed, shuffle: false }, [0, 1])).found)
        for (const [name, { shape, data }] of Object.entries(tensors))
          for (const slot of [0, 1]) {
            const size = data.length / shape[0]!;
            const kind = name === 'one' || name === 'two' ? 'picture' : 'sound';
            seen.add(`${kind} ${data.subarray(slot * size, (slot + 1) * size).join()}`);
          }
    // Two views of two pairs in two epochs of three seeds; crops of a few pixels may coincide, shifts do not.
    expect([...seen].filter((key) => key.startsWith('sound'))).toHaveLength(24);
    expect([...seen].filter((key) => key.startsWith('picture')).length).toBeGreaterThan(8);
  });

  it('masks what it shifted, and keeps no mask', async () => {
    const mask = { time: { width: 12 }, frequency: { width: 60 }, probability: 1, fill: -7 };
    for (const shift of [{ seconds: 0.1 }, undefined]) {
      const { found } = await batches(good, { views: { spectrogram: { sound, shift, mask } } }, [0, 1]);
      const masked = found.map(({ tensors }) => tensors.spectrogram!.data.filter((v) => v === -7).length);
      expect(Math.min(...masked)).toBeGreaterThan(0);
      // Masks of two epochs on one kept spectrogram would add up.
      const total = (epoch: number[]) => epoch.reduce((sum, n) => sum + n, 0);
      expect(total(masked.slice(4))).toBeLessThan(1.6 * total(masked.slice(0, 4)));
    }
  });

  it('takes the sound about the frame of a video, and tells the parts of one file apart', async () => {
    const path = join(folder, 'film.mkv');
    // Every second has a pitch and a grey of its own.
    const samples = Float32Array.from({ length: 6 * 16000 }, (_, n) => 0.3 * Math.sin(0.05 * (1 + Math.floor(n / 16000)) * n));
    const frames = Array.from({ length: 60 }, (_, i) => ({
      width: 16,
      height: 16,
      rgb: new Uint8Array(768).fill(30 + 30 * Math.floor(i / 10)),
    }));
    await writeVideo(path, { frames, frameRate: 10, sound: { sampleRate: 16000, samples } });
    const clips = [
      { picture: { path, seconds: 1.5 }, sound: { path } },
      { picture: { path, seconds: 4.5 }, sound: { path } },
      { picture: { path }, sound: { path, seconds: 4, duration: 2 } },
      { picture: { path, seconds: 5.95 }, sound: { path } },
      { picture: { path }, sound: { path, seconds: 0.4, duration: 2 } },
    ];
    const pairs = { name: 'film', pairs: clips.map((clip, i) => ({ id: `${i}`, ...clip })), problems: [] };
    const { found } = await batches(pairs, { batch: 5, shuffle: false, workers: 1 }, [0, 1]);
    const { bins, frames: columns } = planOf(sound);
    const loudest = (spectrogram: Float32Array) => {
      const sums = Array.from({ length: bins }, (_, k) =>
        spectrogram.subarray(k * columns, (k + 1) * columns).reduce((sum, v) => sum + v, 0),
      );
      return sums.indexOf(Math.max(...sums));
    };
    const pitches = await Promise.all(
      [1.5, 4.5, 5.2, 5.5, 1.2].map(async (start) => {
        const part = await readSound(path, { start, duration: 0.25, sampleRate: 16000 });
        return loudest(new SpectrogramKernel(planOf(sound)).run(fitClip(part, sound.clip)));
      }),
    );
    expect(new Set(pitches).size).toBe(3);
    for (const { tensors } of found) {
      const { data } = tensors.spectrogram!;
      const heard = pitches.map((_, slot) => loudest(data.subarray(slot * bins * columns, (slot + 1) * bins * columns)));
      expect(heard).toEqual(pitches);
    }
  });

  it('reports a picture that a preset cannot take, and goes on', async () => {
    await writeFile(join(folder, 'long.png'), await encodePng({ width: 2, height: 300, rgb: new Uint8Array(1800) }));
    const pairs = {
      ...good,
      pairs: [...good.pairs, { ...good.pairs[0]!, id: 'long', picture: { path: join(folder, 'long.png') } }],
    };
    const views = { frame: { picture: { ...picture, fit: { shortSide: 12 } } } };
    const { found, problems } = await batches(pairs, { views, batch: 24, lastBatch: 'keep' });
    expect(found.map(({ indices }) => indices.length)).toEqual([23]);
    expect(problems).toMatchObject([{ id: 'long', file: join(folder, 'long.png') }]);
  });

  it('stops when its consumer does, and can be asked again', async () => {
    const loader = new Loader(good, { views: plain, batch: 5, workers: 2 });
    for await (const { indices } of loader.epoch(0)) {
      expect(indices).toHaveLength(5);
      break;
    }
    const rest: number[] = [];
    for await (const { indices } of loader.epoch(1)) rest.push(...indices);
    expect(rest).toHaveLength(20);
    await loader.close();
    await expect(loader.epoch(2).next()).rejects.toThrow('the loader was closed');
  });

  it('ends the process whenever the loader is closed, or never read, or never closed', async () => {
    const script = join(folder, 'ends.mjs');
    const dist = new URL('../../dist/datasets/index.js', import.meta.url).href;
    const make = `const { Loader, readPairs } = await import(${JSON.stringify(dist)});
      const loader = new Loader(await readPairs(${JSON.stringify(join(folder, 'good.csv'))}), ${JSON.stringify({ views: plain, batch: 5, workers: 2 })});`;
    const endings = [
      '',
      'for await (const _ of loader.epoch(0)) break;',
      'const next = loader.epoch(0).next(); const closed = loader.close(); await next.catch(() => {}); await closed;',
      'for await (const _ of loader.epoch(0)) { await loader.close(); break; }',
      'loader.epoch(0).next(); setTimeout(() => process.exit(0), 30);',
    ];
    for (const ending of endings) {
      await writeFile(script, `${make}\n${ending}\nconsole.log('ended');`);
      const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 30_000 });
      expect(stdout, ending).toContain('ended');
    }
  });

  it('stops with the reason of an aborted signal', async () => {
    const loader = new Loader(good, { views: plain, batch: 5, workers: 2 });
    const controller = new AbortController();
    const epoch = loader.epoch(0, { signal: controller.signal });
    await epoch.next();
    controller.abort(new Error('enough'));
    await expect(epoch.next()).rejects.toThrow('enough');
    await loader.close();
  });

  it('refuses a second epoch beside the first', async () => {
    const loader = new Loader(good, { views: plain, batch: 5, workers: 1 });
    const epoch = loader.epoch(0);
    await epoch.next();
    await expect(loader.epoch(1).next()).rejects.toThrow('another epoch is being read');
    await epoch.return();
    await loader.close();
  });

  it.each([
    [{ batch: 24 }, "'good' has 23 pairs, fewer than a batch of 24"],
    [{ batch: 0 }, 'batch must be a positive whole number, got 0'],
    [{ workers: 1.5 }, 'workers must be a positive whole number, got 1.5'],
    [{ cacheBytes: -1 }, 'cacheBytes must be'],
    [{ views: {} }, 'no views'],
    [{ shuffle: 0 }, 'shuffle must be a positive whole number, got 0'],
    [{ shuffle: 2.5 }, 'shuffle must be a positive whole number, got 2.5'],
    [
      { views: { frame: { picture, augmentation: { ...augmentation, size: 8 } } } },
      'makes pictures of 8 pixels, the view wants 12',
    ],
  ])('refuses %j', (options, message) => {
    expect(() => new Loader(good, { views: plain, batch: 5, ...options })).toThrow(message);
  });

  it('takes an option that is undefined for one that is not given', async () => {
    const { found } = await batches(good, { workers: undefined, cacheBytes: undefined, seed: undefined });
    expect(found).toEqual((await batches(good, {})).found);
  });

  it.each([-1, 0.5, Number.NaN])('refuses to begin from batch %d', async (from) => {
    const loader = new Loader(good, { views: plain, batch: 5, workers: 1 });
    await expect(loader.epoch(0, { from }).next()).rejects.toThrow(RangeError);
    await loader.close();
  });

  it('fails, instead of calling every pair bad, when the program is at fault', async () => {
    const views = { spectrogram: { sound, shift: { seconds: -1 } } };
    const loader = new Loader(good, { views, batch: 5, workers: 1 });
    await expect(loader.epoch(0).next()).rejects.toThrow('expected seconds of at least 0');
    await loader.close();
  });
});

describe('FeatureCache', () => {
  it('keeps what fits, under its key, and makes nothing that does not', () => {
    const budget = { free: 100 };
    const [one, two] = [new FeatureCache<string>(budget), new FeatureCache<string>(budget)];
    one.keep('a', 60, () => 'first');
    one.keep('a', 10, () => 'again');
    two.keep('b', 60, () => {
      throw new Error('there is no room');
    });
    two.keep('c', 20, () => 'small');
    expect([one.get('a'), one.get('b'), two.get('a'), two.get('b'), two.get('c')]).toEqual([
      'first',
      undefined,
      undefined,
      undefined,
      'small',
    ]);
    expect(budget.free).toBe(100 - 62 - 22);
  });
});
