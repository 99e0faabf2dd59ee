import { describe, expect, it } from 'vitest';
import { benchmarkNames } from '../../src/datasets/index.js';
import { protocolNames } from '../../src/evaluation/protocols.js';
import { publishedRows } from '../../src/evaluation/published.js';

const rows = benchmarkNames.flatMap((name) => publishedRows(name));

describe('published rows', () => {
  it('are of known protocols, and shares', () => {
    expect(rows.length).toBeGreaterThan(20);
    for (const { protocol, scores, paper } of rows) {
      expect([...protocolNames, 'own']).toContain(protocol);
      expect(paper).toMatch(/, .* 20\d\d$/);
      expect(Object.keys(scores)).not.toHaveLength(0);
      for (const score of Object.values(scores)) expect(score > 0.1 && score < 1).toBe(true);
    }
  });

  it('are there once each', () => {
    const keys = rows.map(({ method, benchmark, trainedOn }) => JSON.stringify([method, benchmark, trainedOn]));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('are those of the benchmark asked for', () => {
    expect(publishedRows('vggss').find(({ method }) => method === 'SSLalignment')?.scores).toEqual({ cIoU: 0.3994 });
    expect(publishedRows('flickr').find(({ method }) => method === 'SSLalignment')?.scores).toEqual({ cIoU: 0.852 });
    expect(publishedRows('my own')).toEqual([]);
  });

  it('say which are with an object prior', () => {
    for (const { method, objectPrior } of rows) expect(objectPrior !== undefined).toBe(method.endsWith('+ OGL'));
  });
});
