import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FrameChoice } from '../../src/datasets/folders.js';
import { readPairs } from '../../src/datasets/read.js';
import { empty, scratchFolders, write } from './scratch.js';

const folder = scratchFolders();

async function readIn(root: string, path = '.', options: { frame?: FrameChoice; folder?: string } = {}) {
  const set = await readPairs(join(root, path), options);
  const relative = (file: string) => file.replaceAll(`${root}/`, '');
  return {
    pairs: set.pairs.map(({ id, picture, sound }) => `${id}: ${relative(picture.path)} ${relative(sound.path)}`),
    problems: set.problems.map(({ file, reason }) => `${relative(file)}: ${relative(reason)}`),
  };
}

describe('frames/ and audio/', () => {
  it('pairs files of one name, in the order of bytes, below folders too, without hidden ones', async () => {
    const names = ['b', 'Z', 'a', 'ö', '\u{1f436}', '\uff61', 'a.b'];
    const root = write(folder(), {
      ...empty(...names.flatMap((name) => [`frames/${name}.jpg`, `audio/${name}.wav`])),
      ...empty('frames/sub/one.PNG', 'audio/sub/one.FLAC', 'frames/.a.jpg', 'audio/.cache/x.wav', 'README.md'),
    });
    const { pairs, problems } = await readIn(root);
    expect(problems).toEqual([]);
    expect(pairs).toEqual([
      'Z: frames/Z.jpg audio/Z.wav',
      'a: frames/a.jpg audio/a.wav',
      'a.b: frames/a.b.jpg audio/a.b.wav',
      'b: frames/b.jpg audio/b.wav',
      'one: frames/sub/one.PNG audio/sub/one.FLAC',
      'ö: frames/ö.jpg audio/ö.wav',
      '\uff61: frames/\uff61.jpg audio/\uff61.wav',
      '\u{1f436}: frames/\u{1f436}.jpg audio/\u{1f436}.wav',
    ]);
  });

  it('has folders in ids when names repeat', async () => {
    const root = write(folder(), empty('frames/x/1.jpg', 'frames/y/1.jpg', 'audio/x/1.wav', 'audio/y/1.wav'));
    expect((await readIn(root)).pairs).toEqual(['x/1: frames/x/1.jpg audio/x/1.wav', 'y/1: frames/y/1.jpg audio/y/1.wav']);
  });

  it('reports what has no partner, is there twice or is neither', async () => {
    const root = write(
      folder(),
      empty(
        ...['frames/a.jpg', 'frames/a.png', 'frames/b.jpg', 'frames/c/1.jpg', 'frames/c/2.jpg', 'frames/notes.txt'],
        ...['audio/a.flac', 'audio/a.wav', 'audio/d.wav', 'audio/e.mp4'],
      ),
    );
    const { pairs, problems } = await readIn(root);
    expect(pairs).toEqual(['a: frames/a.jpg audio/a.flac']);
    expect(problems.sort()).toEqual([
      'audio/a.wav: a second sound of one name: the first is a.flac',
      'audio/d.wav: no picture of this name in frames/',
      'audio/e.mp4: not a sound by its name',
      'frames/a.png: a second picture of one name: the first is a.jpg',
      'frames/b.jpg: no sound of this name in audio/',
      'frames/c: no sound of the name of this folder of pictures in audio/',
      'frames/notes.txt: not a picture by its name',
    ]);
  });

  it('matches the two forms of VGGSound names', async () => {
    const root = write(folder(), empty('frames/-_cdefghi_k_000030.jpg', 'audio/-_cdefghi_k_30000_40000.wav'));
    expect((await readIn(root)).pairs).toEqual([
      '-_cdefghi_k_000030: frames/-_cdefghi_k_000030.jpg audio/-_cdefghi_k_30000_40000.wav',
    ]);
  });
});

describe('a folder of pictures a clip', () => {
  const images = (clip: string, numbers: readonly number[]) =>
    numbers.map((n) => `frames/${clip}/image_${String(n).padStart(3, '0')}.jpg`);
  const all = Array.from({ length: 250 }, (_, i) => i + 1);
  const root = () =>
    write(folder(), empty(...images('dog', all), ...images('cat', [9, 10, 11, 100]), 'audio/dog.wav', 'audio/cat.wav'));

  it.each([
    [undefined, 'image_010', 'image_125'],
    ['middle', 'image_010', 'image_125'],
    [11, 'image_011', 'image_011'],
    ['image_100', 'image_100', 'image_100'],
  ] as const)('gives the picture %s', async (frame, cat, dog) => {
    expect(await readIn(root(), '.', { frame })).toEqual({
      pairs: [`cat: frames/cat/${cat}.jpg audio/cat.wav`, `dog: frames/dog/${dog}.jpg audio/dog.wav`],
      problems: [],
    });
  });

  it('is a problem without the picture asked for', async () => {
    expect(await readIn(root(), '.', { frame: 50 })).toEqual({
      pairs: ['dog: frames/dog/image_050.jpg audio/dog.wav'],
      problems: ['frames/cat: no picture 50 in this folder'],
    });
  });
});

describe('links', () => {
  it('are followed, but not in circles, and not to nothing', async () => {
    const root = write(folder(), empty('store/a.jpg', 'store/sub/b.jpg', 'sounds/a.wav', 'sounds/sub/b.wav'));
    for (const name of ['frames', 'audio']) mkdirSync(join(root, name));
    symlinkSync('../store', join(root, 'frames/set'));
    symlinkSync('../sounds', join(root, 'audio/set'));
    symlinkSync('..', join(root, 'store/sub/up'));
    symlinkSync('.', join(root, 'sounds/self'));
    symlinkSync('nowhere.jpg', join(root, 'store/gone.jpg'));
    expect(await readIn(root)).toEqual({
      pairs: ['a: frames/set/a.jpg audio/set/a.wav', 'b: frames/set/sub/b.jpg audio/set/sub/b.wav'],
      problems: ['frames/set/gone.jpg: a link to nothing'],
    });
  });
});

describe('ids in a .txt', () => {
  const files = empty(
    'frames/-_cdefghi_k_000030.jpg',
    'audio/-_cdefghi_k_000030.wav',
    'frames/a.jpg',
    'audio/a.wav',
    'frames/b.jpg',
  );

  it('choose from the folder, in their order, in either form of VGGSound names', async () => {
    const root = write(folder(), { ...files, 'train.txt': 'a.mp4\r\n\n-_cdefghi_k_30000_40000\nb\nnone\na\n' });
    expect(await readIn(root, 'train.txt')).toEqual({
      pairs: ['a: frames/a.jpg audio/a.wav', '-_cdefghi_k_000030: frames/-_cdefghi_k_000030.jpg audio/-_cdefghi_k_000030.wav'],
      problems: [
        'train.txt, line 4: b: no sound of this name in audio/',
        `train.txt, line 5: none: no pair of this id in the folder: ${root}`,
        'train.txt, line 6: a: the id was there before: in line 1',
      ],
    });
  });

  it('choose from another folder when told', async () => {
    const root = write(folder(), files);
    const lists = write(folder(), { '10k.txt': 'a\n' });
    expect((await readPairs(join(lists, '10k.txt'), { folder: root })).pairs.map(({ id }) => id)).toEqual(['a']);
    await expect(readPairs(join(lists, '10k.txt'))).rejects.toThrow(/expected .* in the folder are 10k\.txt/);
  });
});

describe('what is no data set', () => {
  it.each([
    [{}, 'in the folder is nothing'],
    [empty('frames/a.jpg'), 'in the folder are frames'],
    [empty('images/a.jpg', 'sounds/a.wav', 'notes.txt'), 'in the folder are images, notes.txt, sounds'],
  ])('%j is refused with what is there', async (files, message) => {
    await expect(readPairs(write(folder(), files))).rejects.toThrow(message);
  });

  it('a folder that is not there is refused', async () => {
    await expect(readPairs(join(folder(), 'x'))).rejects.toThrow('there is none (ENOENT)');
  });
});
