/** Views of partners: the picture or the sound of another pair in a pair's place. */
import { copyFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Batch, Loader, type LoaderOptions, type PairSet, readPairs } from '../../src/datasets/index.js';
import type { Partners } from '../../src/datasets/loader/views.js';
import { pictureSpecOf, soundSpecOf } from '../../src/features/choice.js';
import { encodeWav, writeVideo } from '../../src/media/index.js';
import { writeWorld } from '../../src/world/index.js';
import { movingFrames } from '../cli/clips.js';
import { scratchFolders } from './scratch.js';

const newFolder = scratchFolders();
const count = 11;
const picture = pictureSpecOf({ preset: 'laptop', size: 32 });
const sound = soundSpecOf({ preset: 'laptop', seconds: 0.5 });
const crop = { kind: 'crop', resized: { squash: 36 }, size: 32, flip: 0.5, kernel: 'bilinear' } as const;
const shift = { seconds: 0.2 };
const plain = { picture: { picture }, sound: { sound } };
const withPartners = {
  ...plain,
  partnerPicture: { picture, partner: true },
  partnerSound: { sound, partner: true },
};

let folder: string;
let pairs: PairSet;

beforeAll(async () => {
  folder = newFolder();
  await writeWorld(folder, { train: count, validation: 1, test: 1, size: 48 });
  pairs = await readPairs(join(folder, 'train.csv'));
});

/** Rows of views, by the position of the pair; and what was wrong. */
async function read(
  set: PairSet,
  options: Partial<LoaderOptions>,
  { partners, epochs = [0], from }: { partners?: Partners; epochs?: readonly number[]; from?: number } = {},
) {
  const loader = new Loader(set, { views: plain, batch: 4, workers: 2, lastBatch: 'keep', ...options });
  const rows = new Map<number, Record<string, Float32Array>>();
  const keep = ({ indices, tensors }: Batch) => {
    for (const [slot, index] of indices.entries()) {
      const own = Object.entries(tensors).map(([name, { data }]) => {
        const size = data.length / indices.length;
        return [name, data.slice(slot * size, (slot + 1) * size)] as const;
      });
      rows.set(index, Object.fromEntries(own));
    }
  };
  try {
    for (const epoch of epochs) for await (const batch of loader.epoch(epoch, { partners, from })) keep(batch);
    return { rows, problems: loader.problems };
  } finally {
    await loader.close();
  }
}

/** The picture of the pair three further on, the sound of the one before. */
const neighbours: Partners = (index) => ({ picture: (index + 3) % count, sound: (index + count - 1) % count });

describe('views of partners', () => {
  it.each([
    { workers: 1, batch: 4 },
    { workers: 2, batch: 5 },
    { workers: 3, batch: 11, cacheBytes: 0 },
    { workers: 4, batch: 1, shuffle: false },
  ])('show the plain views of these pairs, each side its own: %j', async (options) => {
    const { rows: own } = await read(pairs, { shuffle: false });
    const { rows, problems } = await read(pairs, { views: withPartners, ...options }, { partners: neighbours, epochs: [0, 1] });
    expect(problems).toEqual([]);
    expect(rows.size).toBe(count);
    for (const [index, row] of rows) {
      const partner = neighbours(index);
      expect(row.picture).toEqual(own.get(index)!.picture);
      expect(row.sound).toEqual(own.get(index)!.sound);
      expect(row.partnerPicture).toEqual(own.get(partner.picture)!.picture);
      expect(row.partnerSound).toEqual(own.get(partner.sound)!.sound);
      // Pairs of a world look and sound different, or this would say nothing.
      expect(row.partnerPicture).not.toEqual(row.picture);
      expect(row.partnerSound).not.toEqual(row.sound);
    }
  });

  it('show other partners in another epoch', async () => {
    const { rows: own } = await read(pairs, {});
    const loader = new Loader(pairs, { views: withPartners, batch: count, workers: 2 });
    try {
      for (const step of [1, 2, 1]) {
        const partners: Partners = (index) => ({ picture: (index + step) % count, sound: index });
        for await (const { indices, tensors } of loader.epoch(step, { partners }))
          for (const [slot, index] of indices.entries()) {
            const { data } = tensors.partnerPicture!;
            const size = data.length / count;
            const shown = data.slice(slot * size, (slot + 1) * size);
            expect(shown).toEqual(own.get((index + step) % count)!.picture);
          }
      }
    } finally {
      await loader.close();
    }
  });

  it('are changed at random like other views, the same whatever the threads', async () => {
    const views = {
      changed: { picture, augmentation: crop },
      changedPartner: { picture, augmentation: crop, partner: true },
      shiftedPartner: { sound, shift, partner: true },
    };
    const reference = await read(pairs, { views, workers: 1, cacheBytes: 0 }, { partners: neighbours, epochs: [0, 1] });
    const again = await read(pairs, { views, workers: 3, prefetch: 5 }, { partners: neighbours, epochs: [0, 1] });
    expect(again.rows).toEqual(reference.rows);
    const themselves = await read(pairs, { views }, { partners: (index) => ({ picture: index, sound: index }), epochs: [1] });
    for (const [index, row] of reference.rows) {
      const [other, self] = [themselves.rows.get(index)!, themselves.rows.get(neighbours(index).picture)!];
      expect(row.changed).toEqual(other.changed);
      expect(row.changedPartner).not.toEqual(other.changedPartner);
      // Changed as the pair's own draw has it, not as the partner's.
      expect(row.changedPartner).not.toEqual(self.changedPartner);
      expect(row.shiftedPartner).not.toEqual(other.shiftedPartner);
    }
  });

  it('take the sound about the frame of the partner’s video', async () => {
    const path = join(newFolder(), 'film.mkv');
    const samples = Float32Array.from({ length: 6 * 16000 }, (_, n) => 0.3 * Math.sin(0.05 * (1 + Math.floor(n / 16000)) * n));
    await writeVideo(path, { frames: movingFrames(1, 6, 5), frameRate: 5, sound: { sampleRate: 16000, samples } });
    const film = [0.5, 2.5, 4.5].map((seconds, i) => ({ id: `${i}`, picture: { path, seconds }, sound: { path } }));
    const set = { name: 'film', pairs: film, problems: [] };
    const partners: Partners = (index) => ({ picture: index, sound: 2 - index });
    const { rows } = await read(set, { views: withPartners, batch: 3 }, { partners });
    expect(rows.get(0)!.partnerSound).toEqual(rows.get(2)!.sound);
    expect(rows.get(2)!.partnerSound).toEqual(rows.get(0)!.sound);
    expect(rows.get(1)!.partnerSound).toEqual(rows.get(1)!.sound);
    expect(rows.get(0)!.sound).not.toEqual(rows.get(2)!.sound);
  });

  it.each(['partnerPicture', 'partnerSound'] as const)('need partners: %s alone is refused without', async (name) => {
    const views = { [name]: withPartners[name] };
    await expect(read(pairs, { views })).rejects.toThrow(
      new RangeError(`loader: view '${name}' is of partners, and the epoch was given none`),
    );
    expect((await read(pairs, { views }, { partners: neighbours })).rows.size).toBe(count);
  });

  it('are as they would have been when an epoch goes on in the middle', async () => {
    const whole = await read(pairs, { views: withPartners, seed: 3 }, { partners: neighbours });
    const rest = await read(pairs, { views: withPartners, seed: 3 }, { partners: neighbours, from: 2 });
    expect(rest.rows.size).toBe(count - 8);
    for (const [index, row] of rest.rows) expect(row).toEqual(whole.rows.get(index));
  });
});

describe('a partner whose file is broken', () => {
  /** The set with the sound, or the picture, of pair 5 cut off. */
  function withBroken(side: 'picture' | 'sound'): { set: PairSet; file: string } {
    const whole = pairs.pairs[5]![side].path;
    const file = join(newFolder(), `broken${side === 'picture' ? whole.slice(whole.lastIndexOf('.')) : '.wav'}`);
    copyFileSync(whole, file);
    truncateSync(file, 60);
    const broken = pairs.pairs.map((pair, i) => (i === 5 ? { ...pair, [side]: { path: file } } : pair));
    return { set: { ...pairs, pairs: broken }, file };
  }

  it.each(['picture', 'sound'] as const)(
    'is reported with its file, and the pair that would show its %s is left out',
    async (side) => {
      const { set, file } = withBroken(side);
      // Only pair 0 has the broken one as a partner, and nobody looks at the broken pair's own view.
      const partners: Partners = (index) => ({ picture: index, sound: index, [side]: index === 0 ? 5 : (index + 6) % 5 });
      const views = { shown: { ...withPartners[side === 'picture' ? 'partnerPicture' : 'partnerSound'] } };
      const { rows, problems } = await read(set, { views }, { partners, epochs: [0, 1] });
      expect(problems).toMatchObject([{ id: set.pairs[0]!.id, file }]);
      expect(problems[0]!.reason).not.toBe('');
      expect([...rows.keys()].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    },
  );

  it('on the side that is not looked at does no harm', async () => {
    const { set } = withBroken('picture');
    const views = { own: { picture }, partnerSound: withPartners.partnerSound };
    const { rows, problems } = await read(
      { ...set, pairs: set.pairs.filter((_, i) => i !== 5).concat(set.pairs[5]!) },
      { views },
      {
        partners: (index) => ({ picture: index, sound: 10 - index }),
      },
    );
    // Last, where only its own picture is asked for: pair 0 hears it all the same.
    expect(problems.map(({ id }) => id)).toEqual([set.pairs[5]!.id]);
    expect([...rows.keys()]).toContain(0);
    expect(rows.size).toBe(count - 1);
  });
});

describe('sounds without signal', () => {
  it.each([undefined, shift])('are bad where a view says so, shifted (%j) or not', async (shifted) => {
    const place = newFolder();
    await writeWorld(place, { train: 5, validation: 1, test: 1, size: 48 });
    const set = await readPairs(join(place, 'train.csv'));
    const silent = set.pairs[2]!.sound.path;
    writeFileSync(silent, encodeWav({ sampleRate: 16000, samples: new Float32Array(16000) }));
    const views = { sound: { sound, needsSignal: true, shift: shifted } };
    const { rows, problems } = await read(set, { views });
    expect(problems).toEqual([{ id: set.pairs[2]!.id, file: silent, reason: 'there is no signal in it, only silence' }]);
    expect([...rows.keys()].sort()).toEqual([0, 1, 3, 4]);
    expect((await read(set, { views: { sound: { sound, shift: shifted } } })).problems).toEqual([]);
  });
});
