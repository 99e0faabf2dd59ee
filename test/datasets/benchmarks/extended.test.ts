import { describe, expect, it } from 'vitest';
import { empty, scratchFolders } from '../scratch.js';
import { filesOf, readFrom } from './readFrom.js';

const folder = scratchFolders();
const [a, b] = ['abcdefghijk_000030', 'ABCDEFGHIJK_000001'];
const annotations = { 'vggss.json': JSON.stringify([a, b].map((file) => ({ file, bbox: [[0, 0, 1, 1]] }))) };
const read = (csv: string, files = {}, options = {}) =>
  readFrom(folder(), { ...annotations, 'x.csv': csv, ...files }, 'vggss-extended', {
    annotations: 'vggss.json',
    extended: 'x.csv',
    ...options,
  });

describe('an extended set', () => {
  it('adds the pictures of clips with sounds of others', async () => {
    const { name, samples, problems } = await read(
      `video,audio,label\n${a},${b},non-sounding\nzzzzzzzzzzz_000007,zzzzzzzzzzz_000007,non-sounding\n${b},${b},sounding\n`,
      empty(...[a, b, 'zzzzzzzzzzz_000007'].flatMap((id) => [`d/frames/${id}.jpg`, `d/audio/${id}.wav`])),
      { data: 'd' },
    );
    expect([name, problems]).toEqual(['vggss-extended', []]);
    expect(samples.map(filesOf)).toEqual([
      `${a}: d/frames/${a}.jpg d/audio/${a}.wav`,
      `${b}: d/frames/${b}.jpg d/audio/${b}.wav`,
      `${a}+${b}: d/frames/${a}.jpg d/audio/${b}.wav`,
      'zzzzzzzzzzz_000007+zzzzzzzzzzz_000007: d/frames/zzzzzzzzzzz_000007.jpg d/audio/zzzzzzzzzzz_000007.wav',
    ]);
    expect(samples.map(({ annotation }) => annotation.kind)).toEqual(['boxes', 'boxes', 'nonSounding', 'nonSounding']);
    // One picture with two sounds.
    expect(samples[2]!.image).toBe(samples[0]!.image);
    expect(samples[2]!.publishedName).toBe('abcdefghijk_30000_40000');
  });

  it('is not restricted by the list of the normal set', async () => {
    const { samples } = await read(`video,audio,label\n${a},${b},non-sounding\n`, { 'l.txt': b }, { list: 'l.txt' });
    expect(samples.map(({ id }) => id)).toEqual([b, `${a}+${b}`]);
  });

  it('has rows that repeat or say nothing as problems', async () => {
    const { samples, problems } = await read(
      `Video, Audio,label\n${a},${b},non-sounding\n${a},${b},non-sounding\n${a},,non-sounding\n${a},${a},nonsounding\n../x,${b},non-sounding\n`,
    );
    expect(samples).toHaveLength(3);
    expect(problems).toEqual([
      `x.csv, line 3: ${a}+${b}: the sample was there before: x.csv, line 2: ${a}+${b}`,
      `x.csv, line 4: expected video,audio,non-sounding: got "${a},,non-sounding"`,
      `x.csv, line 5: expected video,audio,non-sounding: got "${a},${a},nonsounding"`,
      `x.csv, line 6: ../x+${b}: an id that leads out of a folder`,
    ]);
  });

  it('needs the second file, which has columns of its own', async () => {
    await expect(read(`${a},${b},non-sounding\n`)).rejects.toThrow('expected a CSV with the columns video,audio,label, got');
    await expect(read('')).rejects.toThrow('expected a CSV with the columns video,audio,label, got ""');
    await expect(read('video,audio,label\n"a')).rejects.toThrow('line 2: a quote that is not closed');
    const root = folder();
    await expect(readFrom(root, annotations, 'vggss-extended', { annotations: 'vggss.json' })).rejects.toThrow('(extended)');
    await expect(readFrom(root, annotations, 'vggss', { annotations: 'vggss.json', extended: 'x.csv' })).rejects.toThrow(
      'vggss has no extended set',
    );
  });

  it('of Flickr adds numbers', async () => {
    const xml = '<a><b><bbox><k/><x>1</x><y>2</y><z>3</z><w>4</w></bbox></b></a>';
    const { samples, annotators } = await readFrom(
      folder(),
      { 'xml/10.xml': xml, 'x.csv': 'video,audio,label\n10,11,non-sounding\n' },
      'flickr-extended',
      { annotations: 'xml', extended: 'x.csv' },
    );
    expect([annotators, samples.map(({ id, image }) => [id, image])]).toEqual([
      'several',
      [
        ['10', '10'],
        ['10+11', '10'],
      ],
    ]);
  });
});
