import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findLeaks, type LeakOptions, leakedIds } from '../../src/datasets/leaks.js';
import { empty, scratchFolders, write } from './scratch.js';

const folder = scratchFolders();
const clip = (video: string, second: number) => `${video}_${String(second).padStart(6, '0')}`;
const [a, b, c] = ['abcdefghijk', 'ABCDEFGHIJK', '_-_-_-_-_-_'];

/** Options and paths are relative to a folder with these files. */
async function find(files: Record<string, string>, train: string, test: string, options: LeakOptions = {}) {
  const root = write(folder(), files);
  const { folders, extended } = options;
  return findLeaks(join(root, train), join(root, test), {
    ...options,
    ...(extended !== undefined && { extended: join(root, extended) }),
    ...(folders && { folders: { train: join(root, folders.train), test: join(root, folders.test) } }),
  });
}

describe('names', () => {
  it('are compared in both forms, and in time', async () => {
    const train = [clip(a, 30), `${b}_1000_11000`, clip(b, 300), clip(c, 5), 'dog', clip(a, 30)];
    const test = [`${a}_30000_40000`, clip(b, 1), clip(c, 14), 'dog', 'cat', clip(c, 15)];
    const leaks = await find({ 'train.txt': train.join('\n'), 'test.csv': test.join('\n') }, 'train.txt', 'test.csv');
    expect(leaks).toEqual({
      train: 5,
      test: 6,
      vggSound: { train: true, test: true },
      byId: [
        { test: `${a}_30000_40000`, train: [clip(a, 30)] },
        { test: clip(b, 1), train: [`${b}_1000_11000`] },
        { test: 'dog', train: ['dog'] },
      ],
      sameVideo: [
        { test: clip(b, 1), train: [clip(b, 300)], overlap: 0 },
        { test: clip(c, 14), train: [clip(c, 5)], overlap: 1 },
        { test: clip(c, 15), train: [clip(c, 5)], overlap: 0 },
      ],
    });
    expect([...leakedIds(leaks)]).toEqual([clip(a, 30), `${b}_1000_11000`, 'dog', clip(c, 5)]);
  });

  it('of a benchmark come from its annotations', async () => {
    const annotations = JSON.stringify([a, b].map((video) => ({ file: clip(video, 7), class: 'x', bbox: [[0, 0, 1, 1]] })));
    const files = {
      'vggss.json': annotations,
      'x.csv': `video,audio,label\n${clip(c, 1)},${clip(c, 100)},non-sounding\n`,
      'train.txt': `${b}_7000_17000\n${clip(c, 100)}\n`,
    };
    expect(await find(files, 'train.txt', 'vggss.json')).toMatchObject({ test: 2, byId: [{ test: clip(b, 7) }], sameVideo: [] });
    const extended = await find(files, 'train.txt', 'vggss.json', { benchmark: 'vggss-extended', extended: 'x.csv' });
    expect(extended.byId.map(({ test }) => test)).toEqual([clip(b, 7), `${clip(c, 1)}+${clip(c, 100)}`]);
  });

  it('of frames say the video and not the time, and need no masks', async () => {
    const frames = [1, 2].map((n) => ({ image: `m/dog/${a}/${a}_${n}.png`, audio: 'x.wav', gt_box: '/no/mask.png' }));
    const leaks = await find({ 'seg.json': JSON.stringify(frames), 'train.txt': clip(a, 3) }, 'train.txt', 'seg.json', {
      benchmark: 's4',
    });
    expect(leaks.sameVideo).toEqual([1, 2].map((n) => ({ test: `dog/${a}/${a}_${n}`, train: [clip(a, 3)], overlap: null })));
    expect(leakedIds(leaks).size).toBe(0);
  });

  it('of files are clips only where they are names of clips', async () => {
    const files = {
      'train.csv': `image,audio\ni/${clip(a, 1)}/image_050.jpg,s/1.wav\ni/${clip(b, 1)}/image_050.jpg,s/${clip(c, 9)}.wav\n`,
      ...empty(`i/${clip(a, 1)}/image_050.jpg`, `i/${clip(b, 1)}/image_050.jpg`, 's/1.wav', `s/${clip(c, 9)}.wav`),
      'test.txt': [clip(a, 1), clip(b, 1), clip(c, 9), '1', 'image_050'].join('\n'),
    };
    const { byId, train } = await find(files, 'train.csv', 'test.txt');
    expect(train).toBe(2);
    expect(byId.map(({ test }) => test)).toEqual([clip(a, 1), clip(b, 1), clip(c, 9)]);
  });

  it('of which only one set is of VGGSound cannot be compared, which is said', async () => {
    const { vggSound } = await find({ 'train.txt': '1\n2\n', 'test.txt': clip(a, 1) }, 'train.txt', 'test.txt');
    expect(vggSound).toEqual({ train: false, test: true });
  });
});

describe('files', () => {
  const files = {
    'train.txt': `${clip(a, 1)}\nother\nnone\n`,
    'vggss.json': JSON.stringify([a, b, c].map((video) => ({ file: clip(video, 1), bbox: [[0, 0, 1, 1]] }))),
    [`t/frames/${a}_1000_11000.jpg`]: 'picture 1',
    [`t/audio/${clip(a, 1)}.wav`]: 'sound 1',
    't/frames/other.jpg': 'picture 2',
    't/audio/other.wav': 'sound 2',
    [`d/frames/${clip(a, 1)}.jpg`]: 'picture 3',
    [`d/audio/${clip(a, 1)}.wav`]: 'sound 3',
    [`d/frames/${clip(b, 1)}.jpg`]: 'picture 4',
    [`d/audio/${clip(b, 1)}.wav`]: 'sound 2',
  };
  const folders = { train: 't', test: 'd' };

  it('are compared byte for byte, under whatever name', async () => {
    const leaks = await find(files, 'train.txt', 'vggss.json', { folders });
    expect(leaks).toMatchObject({
      train: 3,
      test: 3,
      byId: [{ test: clip(a, 1) }],
      byContent: [{ test: clip(b, 1), train: ['other'], what: 'sound' }],
      withoutFiles: { train: 1, test: 1 },
    });
    expect([...leakedIds(leaks)]).toEqual([clip(a, 1), 'other']);
  });

  it('are those of the ids of two lists, and of pairs', async () => {
    const more = {
      ...files,
      'test.txt': `${clip(b, 1)}\n`,
      'pairs.csv': 'image,audio\nframes/other.jpg,audio/other.wav\n',
    };
    const byContent = [{ test: clip(b, 1), train: ['other'], what: 'sound' }];
    expect(await find(more, 'train.txt', 'test.txt', { folders })).toMatchObject({ byContent });
    expect(await find(more, 'pairs.csv', 'test.txt', { folders })).toMatchObject({
      byContent,
      withoutFiles: { train: 0, test: 0 },
    });
  });
});

describe('what cannot be compared is refused', () => {
  it.each([
    ['train.txt', 'is3.json', 'expected a list of ids (.txt, .csv) or vggss.json; for other annotations say'],
    ['train.txt', 'x.png', 'expected a list of ids (.txt, .csv) or vggss.json'],
    ['x.png', 'test.txt', 'expected a list (.csv'],
    ['none.txt', 'test.txt', 'none.txt: the list cannot be read'],
    ['train.txt', 'quote.csv', 'line 1: a quote that is not closed'],
  ])('%s and %s', async (train, test, message) => {
    const files = {
      'train.txt': 'a\n',
      'test.txt': 'a\n',
      'x.png': '',
      'is3.json': '[{"image": "a_b_1_a.jpg", "gt_box": [0, 0, 1, 1]}]',
      'quote.csv': '"a',
    };
    await expect(find(files, train, test)).rejects.toThrow(message);
  });
});
