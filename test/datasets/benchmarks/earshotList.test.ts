import { describe, expect, it } from 'vitest';
import { encodeJpeg, encodePng } from '../../../src/media/picture.js';
import { encodeWav } from '../../../src/media/wav.js';
import { empty, scratchFolders } from '../scratch.js';
import { filesOf, readFrom } from './readFrom.js';

const folder = scratchFolders();
const frame = (width: number, height: number) => ({ width, height, rgb: new Uint8Array(3 * width * height).fill(90) });
const wav = encodeWav({ samples: new Float32Array(100), sampleRate: 16_000 });
const media = {
  'i/a.jpg': await encodeJpeg(frame(40, 30)),
  'i/b.png': await encodePng(frame(20, 50)),
  'i/m.png': await encodePng(frame(20, 50)),
  's/x.wav': wav,
  's/y.wav': wav,
};
const read = (entries: unknown, files = {}, options = {}) =>
  readFrom(folder(), { ...media, 'l.json': JSON.stringify(entries), ...files }, 'tinyav', { annotations: 'l.json', ...options });
const base = { image: 'i/a.jpg', audio: 's/x.wav' };
const box = [1, 2, 39, 29];

describe("earshot's own annotations", () => {
  it('have boxes in pixels of their pictures, masks, and sounds from elsewhere', async () => {
    const { samples, problems, annotators } = await read([
      { ...base, category: 'dog', box },
      { ...base, audio: 's/y.wav', boxes: [box, [0, 0, 5, 5]], box: null, frame: [80, 60] },
      { image: './i/../i/b.png', audio: 's/x.wav', mask: 'i/m.png' },
      { image: 'i/b.png', audio: 's/y.wav', sounding: false, boxes: [], category: null },
    ]);
    expect([annotators, problems]).toEqual(['one', []]);
    expect(samples).toEqual([
      {
        id: 'a+x',
        image: 'i/a.jpg',
        publishedName: 'i/a',
        category: 'dog',
        annotation: { kind: 'boxes', boxes: [box], frame: { width: 40, height: 30 } },
        picture: { path: 'i/a.jpg' },
        sound: { path: 's/x.wav' },
      },
      {
        id: 'a+y',
        image: 'i/a.jpg',
        publishedName: 'i/a',
        annotation: { kind: 'boxes', boxes: [box, [0, 0, 5, 5]], frame: { width: 80, height: 60 } },
        picture: { path: 'i/a.jpg' },
        sound: { path: 's/y.wav' },
      },
      {
        id: 'b+x',
        image: 'i/b.png',
        publishedName: 'i/b',
        annotation: { kind: 'mask', path: 'i/m.png' },
        picture: { path: 'i/b.png' },
        sound: { path: 's/x.wav' },
      },
      {
        id: 'b+y',
        image: 'i/b.png',
        publishedName: 'i/b',
        annotation: { kind: 'nonSounding' },
        picture: { path: 'i/b.png' },
        sound: { path: 's/y.wav' },
      },
    ]);
  });

  it('have the size of a picture as it is shown, not as it is stored', async () => {
    const jpeg = media['i/a.jpg'];
    // An EXIF segment that asks for a quarter turn, behind the first two bytes.
    const exif = Buffer.from('ffe100224578696600004d4d002a00000008000101120003000000010006000000000000', 'hex');
    const turned = Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]);
    const { samples } = await read([{ ...base, box: [0, 0, 5, 5] }], { 'i/a.jpg': turned });
    expect(samples[0]!.annotation).toMatchObject({ frame: { width: 30, height: 40 } });
  });

  it('may lie elsewhere than their data', async () => {
    const { samples } = await readFrom(folder(), { ...media, 'lists/l.json': JSON.stringify([{ ...base, box }]) }, 'world', {
      annotations: 'lists/l.json',
      data: '.',
    });
    expect(samples.map(filesOf)).toEqual(['a: i/a.jpg s/x.wav']);
  });

  it('have ids as short as they can be, which do not depend on what is missing', async () => {
    const files = empty('j/a.jpg', 'j/c.jpg', 's/z.wav');
    const ids = async (...entries: [string, string][]) =>
      (
        await read(
          entries.map(([image, audio]) => ({ image, audio, box, frame: [224, 224] })),
          files,
        )
      ).samples.map(({ id }) => id);
    expect(await ids(['i/a.jpg', 's/x.wav'], ['i/b.png', 's/x.wav'])).toEqual(['a', 'b']);
    expect(await ids(['i/a.jpg', 's/x.wav'], ['j/a.jpg', 's/x.wav'])).toEqual(['i/a', 'j/a']);
    expect(await ids(['i/a.jpg', 's/x.wav'], ['i/a.jpg', 's/y.wav'])).toEqual(['a+x', 'a+y']);
    expect(await ids(['i/a.jpg', 's/x.wav'], ['i/a.jpg', 's/missing.wav'])).toEqual(['a+x']);
    expect(await ids(['../up/i/a.jpg', 's/x.wav'], ['i/a.jpg', 's/x.wav'])).toEqual([expect.not.stringContaining('..')]);
  });

  it('have as problems what cannot be used', async () => {
    const { samples, problems } = await read(
      [
        { ...base, box },
        { ...base, box },
        { image: 'i/none.jpg', audio: 's/x.wav', box },
        { image: 'i/a.jpg', audio: 's/none.wav', box },
        { image: 'i/b.png', audio: 's/x.wav', mask: 'i/none.png' },
        { image: 'i/b.png', audio: 's/y.wav' },
        { image: 'i/b.png', audio: 's/z.wav', boxes: [] },
        { image: 'j/1.jpg', audio: 's/z.wav', box, mask: 'i/m.png' },
        { image: 'j/2.jpg', audio: 's/z.wav', box, sounding: false },
        { image: 'i/a.jpg', audio: 's/y.wav', box: [5, 5, 1, 1] },
        { image: 'i/a.jpg', audio: 's/z.wav', box: [41, 5, 50, 9] },
        { image: 'j/3.jpg', audio: 's/z.wav', box },
        { image: 's/x.wav', audio: 's/z.wav', box },
        { image: 'i/a.jpg', audio: 's/w.wav', box, frame: [0, 4] },
        { audio: 's/x.wav', box },
      ],
      empty('s/z.wav', 's/w.wav', 'j/1.jpg', 'j/2.jpg', 'j/3.jpg'),
    );
    expect(samples.map(({ id }) => id)).toEqual(['a+x']);
    expect(problems.map((text) => text.replace(/^l.json, /, ''))).toEqual([
      'entry 2: a+x: the sample was there before: l.json, entry 1: a+x',
      'entry 3: none+x: no such file: i/none.jpg',
      'entry 4: a+none: no such file: s/none.wav',
      'entry 6: b+y: expected one of box, boxes and mask, or "sounding": false: got 0 of them',
      'entry 7: b+z: expected one of box, boxes and mask, or "sounding": false: got 0 of them',
      'entry 8: 1+z: expected one of box, boxes and mask, or "sounding": false: got 2 of them',
      'entry 9: 2+z: "sounding" is false, and yet there is a box or mask',
      'entry 10: a+y: a box that ends before it begins: [5, 5, 1, 1] in a frame of 40 x 30',
      'entry 11: a+z: a box outside the frame: [41, 5, 50, 9] in a frame of 40 x 30',
      'entry 12: 3+z: the picture cannot be used: j/3.jpg: the file is empty',
      expect.stringMatching(/^entry 13: x\+z: the picture cannot be used: s\/x.wav: expected a picture .*this is a sound/),
      expect.stringMatching(/^entry 14: i\/a.jpg: not a valid annotation: frame: 0: /),
      expect.stringMatching(/^entry 15: not a valid annotation: image: /),
      'entry 5: b+x: no such mask, give the folder where the data lie: i/none.png',
    ]);
  });

  it('do not believe a picture that says it is huge', async () => {
    const huge = Buffer.from(media['i/b.png']);
    huge.writeUInt32BE(0x7fffffff, 16);
    huge.writeUInt32BE(0x7fffffff, 20);
    await expect(read([{ image: 'i/b.png', audio: 's/x.wav', box }], { 'i/b.png': huge })).rejects.toThrow('(maxPixels)');
  });
});
