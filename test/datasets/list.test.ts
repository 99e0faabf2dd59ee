import { existsSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRows } from '../../src/datasets/csv.js';
import { readPairs } from '../../src/datasets/read.js';
import { DatasetError } from '../../src/datasets/types.js';
import { empty, scratchFolders, write } from './scratch.js';

const folder = scratchFolders();
const media = empty('p/a.jpg', 'p/b.jpg', 'q/a.jpg', 's/a.wav', 's/b.wav', 'v/one.mp4', 'v/abcdefghijk_000030.mp4');

/** Reads a list of the given name and text that lies beside `media`. */
async function readText(name: string, text: string | Uint8Array) {
  const root = write(folder(), { ...media, [name]: text });
  const set = await readPairs(join(root, name));
  const relative = (path: string) => path.replaceAll(`${root}/`, '');
  return {
    name: set.name,
    ids: set.pairs.map(({ id }) => id),
    pairs: set.pairs.map(({ picture, sound }) => [
      { ...picture, path: relative(picture.path) },
      { ...sound, path: relative(sound.path) },
    ]),
    files: set.pairs.map(({ picture, sound }) => `${relative(picture.path)} ${relative(sound.path)}`),
    problems: set.problems.map(({ file, reason }) => `${relative(file)}: ${relative(reason)}`),
  };
}

describe('CSV', () => {
  it('is read with quotes, CRLF, a byte order mark, comments, blank lines and other columns', async () => {
    const text =
      '\ufeff# made by hand\r\nLabel, Audio ,IMAGE\r\n\r\n"a ""dog"", barking",s/a.wav,p/a.jpg\r\ncat,"s/b.wav",p/b.jpg';
    expect(await readText('pairs.csv', text)).toEqual({
      name: 'pairs',
      ids: ['a', 'b'],
      pairs: expect.anything(),
      files: ['p/a.jpg s/a.wav', 'p/b.jpg s/b.wav'],
      problems: [],
    });
  });

  it('has commas, quotes and line ends in names', async () => {
    const root = write(folder(), {
      'a,"1"\n.jpg': '',
      's.wav': '',
      'l.csv': 'image,audio\n"a,""1""\n.jpg",s.wav\n"a,""1""\n.jpg",none.wav\n',
    });
    const set = await readPairs(join(root, 'l.csv'));
    expect(set.pairs.map(({ picture }) => picture.path)).toEqual([join(root, 'a,"1"\n.jpg')]);
    expect(set.problems.map(({ file }) => file)).toEqual([`${join(root, 'l.csv')}, line 4`]);
  });

  it('gives back every table that is written by the rules', () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'ö', '"', ',', '\n', '\r\n', ' ', '#', '\t'), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 4 })), fc.constantFrom('\n', '\r\n'), (table, end) => {
        const text = table.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join() + end).join('');
        expect([...csvRows(text, ',')].map(({ fields }) => fields)).toEqual(table);
      }),
    );
  });

  it('has fields of many megabytes, and says where one begins that does not end', () => {
    const long = 'x""\n'.repeat(2_500_000);
    const [, row] = [...csvRows(`a,b\n"${long}",${'y'.repeat(10_000_000)}\n`, ',')];
    expect(row!.fields.map((field) => field.length)).toEqual([7_500_000, 10_000_000]);
    expect(() => [...csvRows(`a,b\n"1\n2","${long}`, ',')]).toThrow('line 3: a quote that is not closed');
  });

  it('is separated by tabs in a .tsv', async () => {
    expect((await readText('l.tsv', 'picture\tsound\np/a.jpg\ts/a.wav\n')).files).toEqual(['p/a.jpg s/a.wav']);
  });

  it.each([
    ['', 'the list has no entries'],
    ['image,audio\n', 'the list has no entries'],
    ['p/a.jpg,s/a.wav\n', 'line 1: expected a header with the columns image,audio or video, got "p/a.jpg,s/a.wav"'],
    ['image,label\np/a.jpg,dog\n', 'line 1: expected a header'],
    ['image,audio\np/a.jpg,"s/a.wav\n', 'line 2: a quote that is not closed'],
    ['image,audio\n"p/a.jpg"x,s/a.wav\n', 'line 2: expected a separator'],
    [Uint8Array.of(0xff, 0xfe, 0x69, 0), 'expected text in UTF-8'],
  ])('%j is refused: %s', async (text, message) => {
    const error = await readText('l.csv', text).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DatasetError);
    expect((error as Error).message).toContain(message);
  });
});

describe('entries that cannot be used', () => {
  it('are problems with their lines, and the others stay', async () => {
    const rows = [
      'p/a.jpg,s/a.wav',
      'p/none.jpg,s/none.wav',
      'p/b.jpg',
      ',s/a.wav',
      'p/b.jpg,',
      'p/a.jpg,s/a.wav',
      'p/b.jpg,s/b.wav',
    ];
    const { files, problems } = await readText('l.csv', `image,audio\n${rows.join('\n')}\n`);
    expect(files).toEqual(['p/a.jpg s/a.wav', 'p/b.jpg s/b.wav']);
    expect(problems).toEqual([
      'l.csv, line 4: a row of another length: 1 fields, the header has 2',
      'l.csv, line 5: no picture: expected image or video',
      'l.csv, line 6: no sound: expected audio or video',
      'l.csv, line 7: the pair was there before: in line 2',
      'l.csv, line 3: no such file: p/none.jpg',
      'l.csv, line 3: no such file: s/none.wav',
    ]);
  });

  it('include folders; links to files are files', async () => {
    const root = write(folder(), { ...media, 'l.csv': 'image,audio\np/a.jpg,s\np/b.jpg,folder\np/b.jpg,file\n' });
    symlinkSync(join(root, 's'), join(root, 'folder'));
    symlinkSync(join(root, 's/a.wav'), join(root, 'file'));
    const { pairs, problems } = await readPairs(join(root, 'l.csv'));
    expect(pairs.map(({ sound }) => sound.path)).toEqual([join(root, 'file')]);
    expect(problems.map(({ reason }) => reason)).toEqual(['s', 'folder'].map((name) => `no such file: ${join(root, name)}`));
  });

  it('are an error when none is left, naming the first', async () => {
    await expect(readText('l.csv', 'image,audio\nx.jpg,y.wav\n')).rejects.toThrow(
      /no pair of it can be used; the first of 2: .*line 2: no such/,
    );
  });
});

describe('names in another case or Unicode form', () => {
  it('are there when the file system says so, and not otherwise', async () => {
    const root = write(folder(), {
      'P\u00f6.jpg': '',
      's.wav': '',
      'l.csv': 'image,audio\nP\u00f6.jpg,s.wav\npo\u0308.jpg,s.wav\n',
    });
    const alike = existsSync(join(root, 'po\u0308.jpg'));
    const { pairs, problems } = await readPairs(join(root, 'l.csv'));
    expect([pairs.length, problems.length]).toEqual(alike ? [2, 0] : [1, 1]);
  });
});

describe('ids', () => {
  it.each([
    ["the pictures' names", ['p/a.jpg,s/a.wav', 'p/b.jpg,s/a.wav'], ['a', 'b']],
    ['with folders when names repeat', ['p/a.jpg,s/a.wav', 'q/a.jpg,s/a.wav'], ['p/a', 'q/a']],
    ['with the sounds when pictures repeat', ['p/a.jpg,s/a.wav', 'p/a.jpg,s/b.wav'], ['a+a', 'a+b']],
    [
      'with everything when those repeat too',
      ['p/a.jpg,s/a.wav', 'p/a.jpg,s/b.wav', 'q/a.jpg,s/a.wav'],
      ['p/a.jpg+s/a.wav', 'p/a.jpg+s/b.wav', 'q/a.jpg+s/a.wav'],
    ],
  ])('are %s', async (_, rows, ids) => {
    expect((await readText('l.csv', `image,audio\n${rows.join('\n')}\n`)).ids).toEqual(ids);
  });

  it('never lead out of a folder, wherever the list lies', async () => {
    const root = write(folder(), { ...media, 'lists/l.csv': 'image,audio\n../p/a.jpg,../s/a.wav\n../q/a.jpg,../s/b.wav\n' });
    expect((await readPairs(join(root, 'lists/l.csv'))).pairs.map(({ id }) => id)).toEqual(['p/a', 'q/a']);
  });
});

describe('videos in lists', () => {
  it('stand for what is not given; times say which part', async () => {
    const rows = [
      'v/one.mp4,,,',
      'v/abcdefghijk_000030.mp4,,,',
      'v/one.mp4,20,10,',
      'v/one.mp4,20,,',
      'v/one.mp4,,10,',
      'v/one.mp4,,,s/a.wav',
    ];
    const { pairs, problems } = await readText('l.csv', `video,start,seconds,audio\n${rows.join('\n')}\n`);
    expect(problems).toEqual([]);
    expect(pairs).toEqual([
      [{ path: 'v/one.mp4' }, { path: 'v/one.mp4' }],
      [{ path: 'v/abcdefghijk_000030.mp4', seconds: 4.96 }, { path: 'v/abcdefghijk_000030.mp4' }],
      [
        { path: 'v/one.mp4', seconds: 25 },
        { path: 'v/one.mp4', seconds: 20, duration: 10 },
      ],
      [
        { path: 'v/one.mp4', seconds: 20 },
        { path: 'v/one.mp4', seconds: 20 },
      ],
      [
        { path: 'v/one.mp4', seconds: 5 },
        { path: 'v/one.mp4', duration: 10 },
      ],
      [{ path: 'v/one.mp4' }, { path: 's/a.wav' }],
    ]);
  });

  it('may be called pictures, which lie in the clip too', async () => {
    const rows = ['v/one.mp4,v/one.mp4,20,10', 'p/a.jpg,s/a.wav,20,10'];
    expect((await readText('l.csv', `image,audio,start,seconds\n${rows.join('\n')}\n`)).pairs).toEqual([
      [
        { path: 'v/one.mp4', seconds: 25 },
        { path: 'v/one.mp4', seconds: 20, duration: 10 },
      ],
      [{ path: 'p/a.jpg' }, { path: 's/a.wav', seconds: 20, duration: 10 }],
    ]);
  });

  it.each(['-1,10', 'x,10', '1,0', '1,-5', 'Infinity,1', '1,x'])('times %s are a problem', async (times) => {
    const { files, problems } = await readText('l.csv', `video,start,seconds\nv/one.mp4,${times}\nv/one.mp4,,\n`);
    expect(files).toHaveLength(1);
    expect(problems).toEqual([expect.stringMatching(/^l\.csv, line 2: (start|seconds) is not valid: /)]);
  });
});

describe('JSON', () => {
  const entries = [
    { image: 'p/a.jpg', audio: 's/a.wav', gt_box: [1, 2, 3, 4], category: 'dog' },
    { image: 'p/a.jpg', audio: 's/b.wav', gt_box: [0, 0, 0, 0] },
  ];

  it('is an array with any further keys', async () => {
    expect((await readText('l.json', JSON.stringify(entries))).files).toEqual(['p/a.jpg s/a.wav', 'p/a.jpg s/b.wav']);
  });

  it('is an object a line in a .jsonl', async () => {
    const { files, problems } = await readText('l.jsonl', `${entries.map((e) => JSON.stringify(e)).join('\r\n')}\n\n{"image":\n`);
    expect(files).toEqual(['p/a.jpg s/a.wav', 'p/a.jpg s/b.wav']);
    expect(problems).toEqual([expect.stringMatching(/^l\.jsonl, line 4: expected JSON: /)]);
  });

  it.each([
    [7, 'expected an object'],
    [null, 'expected an object'],
    [['p/a.jpg', 's/a.wav'], 'expected an object'],
    [{ image: 7, audio: 's/a.wav' }, 'picture is not valid: '],
    [{ image: 'p/a.jpg', audio: null }, 'no sound: expected audio or video'],
    [{ picture: 'p/a.jpg' }, 'no sound: expected audio or video'],
  ])('has %j as a problem', async (entry, reason) => {
    const { files, problems } = await readText('l.json', JSON.stringify([entry, entries[0]]));
    expect(files).toEqual(['p/a.jpg s/a.wav']);
    expect(problems).toEqual([expect.stringContaining(`l.json, entry 1: ${reason}`)]);
  });

  it.each([
    ['[', 'expected JSON: '],
    ['{"p/a.jpg": 3}', 'expected an array of'],
    ['[]', 'the list has no entries'],
  ])('%s is refused', async (text, message) => {
    await expect(readText('l.json', text)).rejects.toThrow(message);
  });
});

describe('what is no list', () => {
  it.each(['l.md', 'l', 'p/a.jpg'])('%s is refused with what is expected', async (name) => {
    const root = write(folder(), { ...media, [name]: 'image,audio\n' });
    await expect(readPairs(join(root, name))).rejects.toThrow(/expected a list .*, got a file/);
    await expect(readPairs(join(root, `${name}.csv`))).rejects.toThrow(/expected a list .*there is none \(ENOENT\)/);
  });

  it('is a file beyond 100 MiB, before it is read', async () => {
    const root = write(folder(), { 'l.csv': '' });
    truncateSync(join(root, 'l.csv'), 101 * 2 ** 20);
    await expect(readPairs(join(root, 'l.csv'))).rejects.toThrow('105906176 bytes are more than a list may have');
  });
});
