import { describe, expect, it } from 'vitest';
import { empty, scratchFolders } from '../scratch.js';
import { filesOf, readFrom } from './readFrom.js';

const folder = scratchFolders();
const numbers = [1, 2, 3, 4, 5];

/** The folders of the download, with the test videos `x` (a dog) and `y_1` (several things). */
const s4 = {
  's/s4_meta_data.csv': 'name,start,category,split\nx,0,dog,test\nz,5,dog,train\n',
  ...empty(
    's/s4_data/audio_wav/test/dog/x.wav',
    ...numbers.flatMap((n) => ['visual_frames', 'gt_masks'].map((name) => `s/s4_data/${name}/test/dog/x/x_${n}.png`)),
  ),
};
const ms3 = {
  'm/ms3_meta_data.csv': 'name,split\nz_1,val\ny_1,test\n',
  ...empty(
    'm/ms3_data/audio_wav/test/y_1.wav',
    ...numbers.flatMap((n) => [`m/ms3_data/visual_frames/y_1/y_1.mp4_${n}.png`, `m/ms3_data/gt_masks/test/y_1/y_1_${n}.png`]),
  ),
};

describe('AVSBench as it is downloaded', () => {
  it('S4 has five frames of each test video, with masks', async () => {
    const { samples, problems } = await readFrom(folder(), s4, 's4', { annotations: 's/s4_meta_data.csv' });
    expect(problems).toEqual([]);
    expect(samples.map(filesOf)).toEqual(
      numbers.map(
        (n) =>
          `dog/x/x_${n}: s/s4_data/visual_frames/test/dog/x/x_${n}.png s/s4_data/audio_wav/test/dog/x.wav s/s4_data/gt_masks/test/dog/x/x_${n}.png`,
      ),
    );
    expect(samples[4]).toMatchObject({ category: 'dog', image: 'dog/x/x_5', publishedName: 'dog/x/x_5' });
  });

  it('MS3 has its frames in one folder for all splits, and the same names as the list of boxes', async () => {
    const root = folder();
    const { samples } = await readFrom(root, { ...s4, ...ms3 }, 'ms3', { annotations: 'm/ms3_meta_data.csv', data: '.' });
    expect(samples.map(filesOf)[1]).toBe(
      'y_1/y_1.mp4_2: m/ms3_data/visual_frames/y_1/y_1.mp4_2.png m/ms3_data/audio_wav/test/y_1.wav m/ms3_data/gt_masks/test/y_1/y_1_2.png',
    );
    const list = numbers.map((n) => ({
      image: `/a/Multi-sources/ms3_data/visual_frames/y_1/y_1.mp4_${n}.png`,
      audio: '/a/Multi-sources/ms3_data/audio_wav/test/y_1.wav',
      gt_box: `/a/Multi-sources/ms3_data/gt_masks/test/y_1/y_1_${n}.png`,
    }));
    const listed = await readFrom(root, { 'seg.json': JSON.stringify(list) }, 'ms3', { annotations: 'seg.json', data: 'm' });
    expect(listed.samples).toEqual(samples);
  });

  it('has missing frames and masks as problems', async () => {
    const files = Object.fromEntries(Object.entries(s4).filter(([path]) => !/visual_frames.*x_2|gt_masks.*x_3/.test(path)));
    const { samples, problems } = await readFrom(folder(), files, 's4', { annotations: 's/s4_meta_data.csv', data: 's' });
    expect(samples.map(({ id }) => id)).toEqual(['dog/x/x_1', 'dog/x/x_4', 'dog/x/x_5']);
    expect(problems).toEqual([
      expect.stringMatching('^s/s4_meta_data.csv, line 2: dog/x/x_2: no picture of this name in '),
      expect.stringMatching('^s/s4_meta_data.csv, line 2: dog/x/x_3: no mask of this name in '),
    ]);
  });

  it.each([
    ['name,category\nx,dog\n', 'expected a CSV with a column "split", or JSON, got "name,category'],
    ['', 'expected a CSV with a column "split"'],
    ['name,start,category,split\nx,0,dog,train\n', 'no row of it has the split "test"'],
    ['name,split\n"x', 'line 2: a quote that is not closed'],
    ['{"a": 1}', 'expected an array of annotations, got object'],
  ])('%j is refused', async (csv, message) => {
    await expect(readFrom(folder(), { 'l.csv': csv }, 's4', { annotations: 'l.csv' })).rejects.toThrow(message);
  });
});
