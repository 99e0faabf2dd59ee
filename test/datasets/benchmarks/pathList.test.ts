import { describe, expect, it } from 'vitest';
import type { PathListName } from '../../../src/datasets/benchmarks/pathList.js';
import { empty, scratchFolders } from '../scratch.js';
import { filesOf, readFrom } from './readFrom.js';

const folder = scratchFolders();

/** An entry as its authors have it, with paths of their machine. */
const entry = (root: string, image: string, audio: string, truth: unknown) => ({
  image: `/mnt/x/${root}/${image}`,
  audio: `/mnt/x/${root}/${audio}`,
  gt_box: truth,
});
const read = (name: PathListName, entries: unknown[], files = {}, options = {}) =>
  readFrom(folder(), { 'l.json': JSON.stringify(entries), ...files }, name, { annotations: 'l.json', ...options });
const box = [47, 99, 154, 185];
const names = ({ samples }: Awaited<ReturnType<typeof read>>) => samples.map(({ id, image, category }) => [id, image, category]);

describe('names', () => {
  it('of IS3 say picture and category', async () => {
    const stems = [
      'dog_cat_12_dog',
      'dog_cat_12_cat',
      'fox_train_subway',
      'baby_electric grinder grinding_baby',
      'magpie_owl_3_bird',
    ];
    const benchmark = await read(
      'is3',
      stems.map((stem) => entry('synthetic3241', `visual_frames/${stem}.jpg`, `audio_wav/${stem}.wav`, box)),
    );
    expect(names(benchmark)).toEqual([
      ['dog_cat_12_dog', 'dog_cat_12', 'dog'],
      ['dog_cat_12_cat', 'dog_cat_12', 'cat'],
      ['fox_train_subway', 'fox_train', 'subway'],
      ['baby_electric grinder grinding_baby', 'baby_electric grinder grinding', 'baby'],
      ['magpie_owl_3_bird', 'magpie_owl_3', 'bird'],
    ]);
    expect(benchmark.samples[0]).toMatchObject({
      publishedName: 'dog_cat_12_dog',
      annotation: { kind: 'boxes', boxes: [box], frame: { width: 224, height: 224 } },
    });
    expect(benchmark.samples[0]!.picture).toBeUndefined();
  });

  it('of VPO say the picture of COCO', async () => {
    const benchmark = await read('vpo-ms', [
      entry('SSL_COCO', 'visual_frames/000000489267_157452.jpg', 'audio_wav/000000489267_157452.wav', [0, 0, 0, 0]),
      entry('SSL_COCO', 'visual_frames/000000489267_2.jpg', 'audio_wav/000000489267_2.wav', box),
    ]);
    expect(names(benchmark)).toEqual([
      ['000000489267_157452', '000000489267', undefined],
      ['000000489267_2', '000000489267', undefined],
    ]);
  });

  it('of AVSBench are frames, each a picture of its own', async () => {
    const s4 = await read('s4', [
      entry('s4_data', 'visual_frames/test/race_car/OS1_x/OS1_x_5.png', 'audio_wav/test/race_car/OS1_x.wav', box),
    ]);
    expect(names(s4)).toEqual([['race_car/OS1_x/OS1_x_5', 'race_car/OS1_x/OS1_x_5', 'race_car']]);
    const ms3 = await read('ms3', [entry('ms3_data', 'visual_frames/rq5_1/rq5_1.mp4_2.png', 'audio_wav/test/rq5_1.wav', box)]);
    expect(names(ms3)).toEqual([['rq5_1/rq5_1.mp4_2', 'rq5_1/rq5_1.mp4_2', undefined]]);
    expect(ms3.samples[0]!.publishedName).toBe('rq5_1/rq5_1.mp4_2');
  });

  it.each<[PathListName, string, string]>([
    ['is3', 'dog_cat.jpg', 'expected CATEGORY_CATEGORY_NUMBER_TARGET, got "dog_cat"'],
    ['is3', 'dog__12_.jpg', 'got "dog__12_"'],
    ['s4', 'vid/vid_1.png', 'expected CATEGORY/VIDEO/VIDEO_NUMBER, got "vid/vid_1"'],
    ['ms3', 'vid_1.png', 'expected VIDEO/VIDEO.mp4_NUMBER, got "vid_1"'],
    ['vpo-ss', '0001.jpg', 'expected PICTURE_OBJECT, two numbers, got "0001"'],
    ['vpo-ms', '0001_a.jpg', 'got "0001_a"'],
    ['s4', 'x/../v_1.png', 'an id that leads out of a folder'],
  ])('of %s are not %s', async (name, image, message) => {
    await expect(read(name, [{ image, audio: 'a.wav', gt_box: box }])).rejects.toThrow(message);
  });
});

describe('entries', () => {
  it('that cannot be used are problems with the sample', async () => {
    const [image, audio] = ['a_b_1_a.jpg', 'a_b_1_a.wav'];
    const { samples, problems } = await read('is3', [
      { image, audio, gt_box: box },
      { image: 'a_b_2_a.jpg', audio, gt_box: [5, 5, 3, 9] },
      { image: 'a_b_3_a.jpg', audio, gt_box: [-1, 5, 3, 9] },
      { image: 'a_b_4_a.jpg', audio, gt_box: [230, 5, 240, 9] },
      { image: 'a_b_5_a.jpg', audio, gt_box: [1, 5, 3] },
      { image: 'a_b_6_a.jpg', audio },
      { image, audio, gt_box: box },
      { audio, gt_box: box },
      7,
    ]);
    expect(samples.map(({ id }) => id)).toEqual(['a_b_1_a']);
    expect(problems).toEqual([
      'l.json, entry 2: a_b_2_a: a box that ends before it begins: [5, 5, 3, 9] in a frame of 224 x 224',
      'l.json, entry 3: a_b_3_a: a box with negative coordinates: [-1, 5, 3, 9] in a frame of 224 x 224',
      'l.json, entry 4: a_b_4_a: a box outside the frame: [230, 5, 240, 9] in a frame of 224 x 224',
      'l.json, entry 5: a_b_5_a.jpg: not a valid annotation: gt_box: expected [x0, y0, x1, y1] or the path of a mask',
      'l.json, entry 6: neither a gt_box nor a bbox: a_b_6_a',
      'l.json, entry 7: a_b_1_a: the sample was there before: l.json, entry 1: a_b_1_a',
      expect.stringMatching(/^l.json, entry 8: not a valid annotation: image: /),
      expect.stringMatching(/^l.json, entry 9: not a valid annotation: /),
    ]);
  });
});

describe('media', () => {
  const stems = ['dog_cat_12_dog', 'dog_cat_12_cat'];
  const lists = {
    'box.json': JSON.stringify(stems.map((stem) => entry('s', `visual_frames/${stem}.jpg`, `audio_wav/${stem}.wav`, box))),
    'seg.json': JSON.stringify(
      stems.map((stem) => entry('s', `visual_frames/${stem}.jpg`, `audio_wav/${stem}.wav`, `/mnt/x/s/gt_masks/${stem}.jpg`)),
    ),
  };
  const download = {
    ...empty(
      ...stems.flatMap((stem) => [`is3/images/${stem}.jpg`, `is3/audio_waw/${stem}.wav`, `is3/gt_segmentation/${stem}.png`]),
    ),
    'is3/IS3_annotation.json': JSON.stringify(
      stems.map((stem) => ({
        image: `${stem}.jpg`,
        audio: `${stem}.wav`,
        gt_box: box,
        category: stem.endsWith('dog') ? 'puppy' : 'cat',
      })),
    ),
  };
  const files = stems.map((stem) => `${stem}: is3/images/${stem}.jpg is3/audio_waw/${stem}.wav`);

  it('of IS3 are read from its download, masks apart from pictures', async () => {
    const { samples, problems } = await readFrom(folder(), download, 'is3', { annotations: 'is3' });
    expect(problems).toEqual([]);
    expect(samples.map(filesOf)).toEqual(files);
    expect(samples.map(({ category, image }) => [category, image])).toEqual([
      ['puppy', 'dog_cat_12'],
      ['cat', 'dog_cat_12'],
    ]);
    const masks = await readFrom(folder(), { ...download, ...lists }, 'is3', { annotations: 'seg.json', data: 'is3' });
    expect(masks.samples.map(filesOf)).toEqual(files.map((text, i) => `${text} is3/gt_segmentation/${stems[i]}.png`));
  });

  it('of IS3 may have their boxes under another key and no sounds in the list', async () => {
    const list = JSON.stringify(stems.map((stem) => ({ image: `images/${stem}.jpg`, bbox: box })));
    const { samples } = await readFrom(folder(), { ...download, 'l.json': list }, 'is3', { annotations: 'l.json', data: 'is3' });
    expect(samples.map(filesOf)).toEqual(files);
  });

  it('are those whose folders agree the furthest back', async () => {
    const image = (set: string) => `${set}/visual_frames/dog_cat_12_dog`;
    const { samples } = await readFrom(
      folder(),
      {
        ...lists,
        ...empty(
          ...['s', 't'].flatMap((set) => [`d/${image(set)}.jpg`, `d/${image(set)}.png`, `d/${set}/audio_wav/dog_cat_12_dog.wav`]),
        ),
      },
      'is3',
      { annotations: 'box.json', data: 'd' },
    );
    expect(samples.map(filesOf)).toEqual([`dog_cat_12_dog: d/${image('s')}.jpg d/s/audio_wav/dog_cat_12_dog.wav`]);
  });

  it('that are missing leave their samples out: a picture does not stand for a mask', async () => {
    const { samples, problems } = await readFrom(
      folder(),
      {
        ...lists,
        ...empty(
          ...stems.flatMap((stem) => [`d/visual_frames/${stem}.jpg`, `d/audio_wav/${stem}.wav`]),
          `d/gt_masks/${stems[0]}.png`,
        ),
      },
      'is3',
      { annotations: 'seg.json', data: 'd' },
    );
    expect(samples.map(({ id }) => id)).toEqual([stems[0]]);
    expect(problems).toEqual([
      expect.stringMatching(
        /^seg.json, entry 2: dog_cat_12_cat: no mask of this name in .*d: \/mnt\/x\/s\/gt_masks\/dog_cat_12_cat.jpg$/,
      ),
    ]);
  });

  it('are not looked for without a folder; masks are where the list says', async () => {
    const { samples } = await readFrom(folder(), lists, 'is3', { annotations: 'box.json' });
    expect(samples.map(filesOf)).toEqual(stems.map((stem) => `${stem}:`));
    await expect(readFrom(folder(), lists, 'is3', { annotations: 'seg.json' })).rejects.toThrow(
      /first of 2 problems: .*no such mask, give the folder where the data lie: \/mnt/,
    );
    const near = JSON.stringify([{ image: 'a_b_1_a.jpg', audio: 'a.wav', gt_box: 'm/a.png' }]);
    const beside = await readFrom(folder(), { 'l/seg.json': near, ...empty('l/m/a.png') }, 'is3', { annotations: 'l/seg.json' });
    expect(beside.samples.map(filesOf)).toEqual(['a_b_1_a: l/m/a.png']);
  });
});
