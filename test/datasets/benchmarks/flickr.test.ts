import { describe, expect, it } from 'vitest';
import { boxTruth } from '../../../src/metrics/truth.js';
import { empty, scratchFolders } from '../scratch.js';
import { filesOf, readFrom } from './readFrom.js';

const folder = scratchFolders();

/** As it is published: an element for each annotator, with elements `bbox` of a kind and four numbers. */
const xml = (...annotators: (number | string)[][][]) =>
  `<?xml version="1.0" encoding="utf-8"?>\n<annotation>\n${annotators
    .map(
      (boxes, i) =>
        `<anno_${i}>${boxes
          .map(
            ([x0, y0, x1, y1]) =>
              `<bbox><kind>o</kind><xmin>${x0}</xmin><ymin>${y0}</ymin><xmax>${x1}</xmax><ymax>${y1}</ymax></bbox>`,
          )
          .join('\n')}</anno_${i}>`,
    )
    .join('\n')}\n</annotation>`;
const read = (files: Parameters<typeof readFrom>[1], options = {}) =>
  readFrom(folder(), files, 'flickr', { annotations: 'xml', ...options });

describe('the XML of Flickr-SoundNet', () => {
  it('has the boxes of several annotators in 256 pixels', async () => {
    expect(
      await read({
        'xml/2.xml': xml(
          [[10, 20, 100, 200]],
          [
            [12, 25, 256, 210],
            [0, 0, 5, 5],
          ],
        ),
        'xml/1.xml': xml([[1, 2, 3, 4]]),
      }),
    ).toEqual({
      name: 'flickr',
      annotators: 'several',
      problems: [],
      samples: [
        {
          id: '1',
          image: '1',
          publishedName: '1',
          annotation: { kind: 'boxes', boxes: [[1, 2, 3, 4]], frame: { width: 256, height: 256 } },
        },
        {
          id: '2',
          image: '2',
          publishedName: '2',
          annotation: {
            kind: 'boxes',
            boxes: [
              [10, 20, 100, 200],
              [12, 25, 256, 210],
              [0, 0, 5, 5],
            ],
            frame: { width: 256, height: 256 },
          },
        },
      ],
    });
  });

  it('is drawn as the evaluators draw it: int(224 * v / 256), half a pixel for each annotator', async () => {
    const boxes = [
      [11, 21, 101, 201],
      [13, 27, 255, 211],
      [90, 90, 120, 256],
    ];
    const { samples } = await read({ 'xml/1.xml': xml(...boxes.map((box) => [box])) });
    const { annotation } = samples[0]!;
    const truth =
      annotation.kind === 'boxes' ? boxTruth(annotation.boxes, annotation.frame, { width: 224, height: 224 }, 2) : undefined;
    const naive = new Float32Array(224 * 224);
    for (const [x0, y0, x1, y1] of boxes.map((box) => box.map((v) => Math.trunc((224 * v) / 256))))
      for (let y = y0!; y < y1!; y++) for (let x = x0!; x < x1!; x++) naive[224 * y + x]! += 0.5;
    expect(truth!.weight).toEqual(naive.map((v) => Math.min(1, v)));
  });

  it('has elements that are no boxes, which are passed over', async () => {
    const text = '<a><url>x</url><b><width>7</width><bbox><k/><x> 1 </x><y>2</y><z>3</z><w>+4</w></bbox></b></a>';
    const { samples, problems } = await read({ 'xml/1.xml': text, 'xml/readme.txt': 'no annotation' });
    expect(problems).toEqual([]);
    expect(samples[0]!.annotation).toMatchObject({ boxes: [[1, 2, 3, 4]] });
  });

  it('has as problems what is not so', async () => {
    const { samples, problems } = await read({
      'xml/a.xml': xml([[1, 2, 3, 4]]),
      'xml/b.xml': xml([[1, 2, 3, 'four']]),
      'xml/c.xml': '<a><b/></a>',
      'xml/d.xml': '<a><b>',
      'xml/e.xml': '<a><b><bbox><k/><x>1</x><y>2</y><z>3</z></bbox></b></a>',
      'xml/f.xml': '<a><b><bbox><k/><x>1</x><y>2</y><z>3</z><w>4</w><v>5</v></bbox></b></a>',
      'xml/g.xml': xml([[-1, 2, 3, 4]]),
      'xml/h.xml': xml([[1, 2.5, 3, 4]]),
      'xml/i.xml': `<a>${' '.repeat(2 ** 20)}</a>`,
      'xml/j.xml': Uint8Array.of(0xff, 0xfe),
      'xml/k.xml': xml([[256, 2, 300, 4]]),
    });
    expect(samples.map(({ id }) => id)).toEqual(['a']);
    expect(problems).toEqual([
      'xml/b.xml: a bbox of another kind: expected five elements, the last four whole numbers, got ["o","1","2","3","four"]',
      'xml/c.xml: no bbox in it: expected one at least',
      'xml/d.xml: not valid XML: line 1: expected the end of b',
      'xml/e.xml: a bbox of another kind: expected five elements, the last four whole numbers, got ["","1","2","3"]',
      'xml/f.xml: a bbox of another kind: expected five elements, the last four whole numbers, got ["","1","2","3","4","5"]',
      'xml/g.xml: a box with negative coordinates: [-1, 2, 3, 4] in a frame of 256 x 256',
      'xml/h.xml: a bbox of another kind: expected five elements, the last four whole numbers, got ["o","1","2.5","3","4"]',
      'xml/i.xml: too long for the annotation of a clip: 1048583 characters',
      'xml/j.xml: expected text in UTF-8; save it as such',
      'xml/k.xml: a box outside the frame: [256, 2, 300, 4] in a frame of 256 x 256',
    ]);
  });

  it('is restricted by a list with further columns, and finds its media by name', async () => {
    const { samples } = await read(
      {
        'xml/10.xml': xml([[1, 2, 3, 4]]),
        'xml/11.xml': xml([[1, 2, 3, 4]]),
        'flickr_test.csv': '11,202\n',
        ...empty('d/frames/11.jpg', 'd/audio/11.wav'),
      },
      { list: 'flickr_test.csv', data: 'd' },
    );
    expect(samples.map(filesOf)).toEqual(['11: d/frames/11.jpg d/audio/11.wav']);
  });

  it('is a folder of such files', async () => {
    await expect(read(empty('xml/a.txt'))).rejects.toThrow('expected a folder of XML files, one a clip; there are none in it');
    await expect(read(empty('other'))).rejects.toThrow('expected a folder, it cannot be read (ENOENT)');
  });
});
