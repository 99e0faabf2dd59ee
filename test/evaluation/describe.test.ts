import { describe, expect, it } from 'vitest';
import { describeProtocol } from '../../src/evaluation/describe.js';
import { protocolNames, protocols, withObjectPrior } from '../../src/evaluation/protocols.js';

describe('a protocol in words', () => {
  it('differs from every other, but for those that are the same', () => {
    const words = protocolNames.map((name) => [name, describeProtocol(protocols[name])] as const);
    const same = words.filter(([, text], i) => words.findIndex(([, other]) => other === text) < i).map(([name]) => name);
    expect(same).toEqual(['lvs', 'fnac', 'ssltie']);
  });

  it('says the threshold, the comparison, the object prior and the grouping', () => {
    const text = describeProtocol({ ...withObjectPrior(protocols.slavc, 0.9), groupBy: 'publishedName' });
    for (const part of ['bicubic', 'at or above 0.5', '0.9 of the map', 'IIoU by file names, as published'])
      expect(text).toContain(part);
    expect(describeProtocol(protocols.slavc)).toMatch(/; IIoU by picture$/);
    expect(describeProtocol({ ...protocols.ezvsl, binarize: { by: 'rank', share: 0.75 } })).toContain(
      'at or above the 75 % quantile',
    );
  });
});
