import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchmarkNames, readBenchmark } from '../../../src/datasets/benchmarks/index.js';
import { openPicture, openSound } from '../../../src/datasets/media.js';
import { DatasetError } from '../../../src/datasets/types.js';
import { encodeJpeg } from '../../../src/media/picture.js';
import { encodeWav } from '../../../src/media/wav.js';
import { boxTruth } from '../../../src/metrics/truth.js';
import { empty, scratchFolders, write } from '../scratch.js';
import { filesOf, readFrom } from './readFrom.js';

const folder = scratchFolders();
const [a, b, c] = ['abcdefghijk_000030', '_-_-_-_-_-__000001', 'ABCDEFGHIJK_5000_15000'];
const box = [0.1, 0.2, 0.5, 0.9];
const json = (...entries: unknown[]) => ({ 'vggss.json': JSON.stringify(entries) });
const read = (files: Parameters<typeof readFrom>[1], options = {}) =>
  readFrom(folder(), files, 'vggss', { annotations: 'vggss.json', ...options });

describe('vggss.json', () => {
  it('has boxes in shares of the picture, and names in both forms', async () => {
    const entries = [
      { file: a, class: 'dog barking', bbox: [box, [0, 0, 1, 1]] },
      { file: c, class: 'cat purring', bbox: [box], more: 1 },
    ];
    expect(await read(json(...entries))).toEqual({
      name: 'vggss',
      annotators: 'one',
      problems: [],
      samples: [
        {
          id: a,
          image: 'abcdefghijk_30000_40000',
          publishedName: 'abcdefghijk_30000_40000',
          category: 'dog barking',
          annotation: { kind: 'boxes', boxes: [box, [0, 0, 1, 1]], frame: { width: 1, height: 1 } },
        },
        {
          id: c,
          image: c,
          publishedName: c,
          category: 'cat purring',
          annotation: { kind: 'boxes', boxes: [box], frame: { width: 1, height: 1 } },
        },
      ],
    });
  });

  it('has boxes that the evaluators clip, as they do', async () => {
    const published = [0.384375, 0.859375, 0.696875, -2.8823037615171176e16];
    const { samples, problems } = await read(
      json({ file: a, bbox: [published, [0.26875, 1, 0.753125, 1]] }, { file: b, bbox: [[-0.5, 0.25, 0.5, 7]] }),
    );
    expect(problems).toEqual([]);
    const [none, half] = samples.map(({ annotation }) =>
      annotation.kind === 'boxes' ? boxTruth(annotation.boxes, annotation.frame, { width: 224, height: 224 }) : undefined,
    );
    expect(none!.area).toBe(0);
    expect(half!.area).toBe(112 * (224 - 56));
  });

  it('has as problems what means nothing, and the rest stays', async () => {
    const { samples, problems } = await read(
      json(
        { file: a, bbox: [box] },
        { file: b, bbox: [[0.5, 0.2, 0.1, 0.9]] },
        { file: 'dog.mp4', bbox: [box] },
        { file: 'abcdefghijk_30000_40000', bbox: [box] },
        { file: c, bbox: [] },
        { file: c, bbox: [[0.1, 0.2, 0.5, null]] },
        { file: c, bbox: box },
        ['file'],
        { file: c, bbox: [[10, 20, 50, 90]] },
      ),
    );
    expect(samples.map(({ id }) => id)).toEqual([a]);
    expect(problems).toEqual([
      `vggss.json, entry 2: ${b}: a box that ends before it begins: [0.5, 0.2, 0.1, 0.9] in a frame of 1 x 1`,
      'vggss.json, entry 3: not a name of a VGGSound clip: "dog.mp4"',
      `vggss.json, entry 4: abcdefghijk_30000_40000: the sample was there before: vggss.json, entry 1: ${a}`,
      `vggss.json, entry 5: ${c}: not a valid annotation: bbox: expected a box at least`,
      expect.stringMatching(`^vggss.json, entry 6: ${c}: not a valid annotation: bbox: 0: 3: .*number`),
      expect.stringMatching(`^vggss.json, entry 7: ${c}: not a valid annotation: bbox: 0: `),
      expect.stringMatching('^vggss.json, entry 8: not a valid annotation: '),
      `vggss.json, entry 9: ${c}: a box outside the frame: [10, 20, 50, 90] in a frame of 1 x 1`,
    ]);
  });

  it.each([
    ['[', 'expected JSON: '],
    ['{"file": 1}', 'expected an array of annotations, got object'],
    ['[]', 'the file has no annotations'],
    ['[{"file": "abcdefghijk_000030", "bbox": [[0, 0, NaN, 1]]}]', 'expected JSON: '],
    ['[{"image": "a"}]', 'no sample of it can be used; the first of 1 problems: '],
  ])('%s is refused', async (text, message) => {
    const error = await read({ 'vggss.json': text }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DatasetError);
    expect((error as Error).message).toContain(message);
  });
});

describe('the media of clips', () => {
  const annotations = json(...[a, b, c].map((file) => ({ file, bbox: [box] })));

  it('are found in either form of their names, and as frame 50 of a folder', async () => {
    const files = ['frames/abcdefghijk_30000_40000.jpg', `audio/${a}.wav`, `img/${b}/image_050.jpg`, `img/${b}/image_001.jpg`];
    const { samples, problems } = await read(
      {
        ...annotations,
        ...empty(...[...files, `aud/x/${b}.wav`, `frames/${c}.png`, `audio/${c}.flac`].map((file) => `d/${file}`)),
      },
      { data: 'd' },
    );
    expect(problems).toEqual([]);
    expect(samples.map(filesOf)).toEqual([
      `${a}: d/frames/abcdefghijk_30000_40000.jpg d/audio/${a}.wav`,
      `${b}: d/img/${b}/image_050.jpg d/aud/x/${b}.wav`,
      `${c}: d/frames/${c}.png d/audio/${c}.flac`,
    ]);
  });

  it('are those of frames/ and audio/ before others, and a problem when two are as near or none is there', async () => {
    const files = [
      `frames/${a}.jpg`,
      `old/${a}.jpg`,
      `audio/${a}.wav`,
      `x/${b}.jpg`,
      `y/${b}.jpg`,
      `audio/${b}.wav`,
      `frames/${c}.jpg`,
    ];
    const { samples, problems } = await read({ ...annotations, ...empty(...files.map((file) => `d/${file}`)) }, { data: 'd' });
    expect(samples.map(filesOf)).toEqual([`${a}: d/frames/${a}.jpg d/audio/${a}.wav`]);
    expect(problems).toEqual([
      expect.stringMatching(`entry 2: ${b}: two files could be the picture: x/${b}.jpg and y/${b}.jpg in `),
      expect.stringMatching(`entry 3: ${c}: no sound of this name in .*d: audio/${c}.wav$`),
    ]);
  });

  it('that cannot be looked at are said', async () => {
    const root = write(folder(), { ...annotations, ...empty(`d/frames/${a}.jpg`, `d/audio/${a}.wav`) });
    mkdirSync(join(root, 'd/b'));
    symlinkSync(join(root, 'nowhere'), join(root, `d/b/${b}.jpg`));
    const { problems } = await readBenchmark('vggss', { annotations: join(root, 'vggss.json'), data: join(root, 'd') });
    expect(problems[0]!.reason).toMatch(/no picture of this name in .*d \(nor could be read: .*jpg, a link to nothing\)/);
  });

  it('can be opened', async () => {
    const frame = { width: 16, height: 8, rgb: new Uint8Array(3 * 16 * 8).fill(77) };
    const sound = encodeWav({ samples: new Float32Array(160).fill(0.25), sampleRate: 16_000 });
    const root = write(folder(), {
      ...json({ file: a, bbox: [box] }),
      [`frames/${a}.jpg`]: await encodeJpeg(frame),
      [`audio/${a}.wav`]: sound,
    });
    const { samples } = await readBenchmark('vggss', { annotations: join(root, 'vggss.json'), data: root });
    expect(await openPicture(samples[0]!.picture!)).toMatchObject({ width: 16, height: 8 });
    expect((await openSound(samples[0]!.sound!)).samples).toHaveLength(160);
  });
});

describe('a list of ids', () => {
  const annotations = json(...[a, b, c].map((file) => ({ file, bbox: [box] })), { file: 'none', bbox: [box] });

  it('restricts the set, in either form of the names; other ids are problems', async () => {
    const list = `# heard\nABCDEFGHIJK_000005,1,dog\r\n\n"abcdefghijk_30000_40000"\nzzzzzzzzzzz_000001.jpg\n${a}\n`;
    const { samples, problems } = await read({ ...annotations, 'heard.csv': list }, { list: 'heard.csv' });
    expect(samples.map(({ id }) => id)).toEqual([a, c]);
    expect(problems).toEqual([
      'heard.csv, line 5: zzzzzzzzzzz_000001: no sample of this id in the annotations',
      'vggss.json, entry 4: not a name of a VGGSound clip: "none"',
    ]);
  });

  it('spares the others: their problems are not told', async () => {
    const files = { ...json({ file: a, bbox: [box] }, { file: b, bbox: [[1, 1, 0, 0]] }), 'l.txt': a };
    expect((await read(files, { list: 'l.txt' })).problems).toEqual([]);
  });

  it('without ids is refused', async () => {
    await expect(read({ ...annotations, 'l.txt': '# none\n\n' }, { list: 'l.txt' })).rejects.toThrow('the list has no ids');
  });
});

describe('readBenchmark', () => {
  it('knows its names, and refuses others', async () => {
    expect(benchmarkNames).toContain('vggss');
    await expect(readBenchmark('vgss' as 'vggss', { annotations: 'x' })).rejects.toThrow(/expected one of vggss, .*got "vgss"/);
    await expect(readBenchmark('toString' as 'vggss', { annotations: 'x' })).rejects.toThrow(RangeError);
  });

  it('can be aborted', async () => {
    await expect(read(json({ file: a, bbox: [box] }), { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});
