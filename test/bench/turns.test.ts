import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Row } from '../../bench/benchmark.js';
import { checkEmbeddings } from '../../bench/inference.js';
import { findPyTorch } from '../../bench/pytorch.js';
import { table } from '../../bench/table.js';
import { checkLosses } from '../../bench/train-step.js';
import { type Contestant, type Measurement, rowOf, takeTurns } from '../../bench/turns.js';

/** A process that answers as sides do; every step's result is its process id and the moment it ran. */
const contestant = (label: string, peakMB: number, beforeAnswer = ''): Contestant => ({
  label,
  command: process.execPath,
  args: [
    '-e',
    `const say = (message) => console.log(JSON.stringify(message));
    say({ version: '${label} 1.0' });
    require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
      ${beforeAnswer}
      const result = Array.from({ length: Number(line) }, () => [process.pid, Number(process.hrtime.bigint() / 1000n)]).flat();
      say({ ms: Array(Number(line)).fill(${peakMB}), result, peakMB: ${peakMB} });
    });`,
  ],
});
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('taking turns', () => {
  it('warms up, then alternates, the other way round every second time, and leaves no process behind', async () => {
    const lines: string[] = [];
    const settings = { rounds: 3, steps: 2 };
    const found = await takeTurns([contestant('a', 1), contestant('b', 2)], settings, (line) => lines.push(line));

    expect(found.map(({ version, rounds, peakMB }) => [version, rounds, peakMB])).toEqual([
      [
        'a 1.0',
        [
          [1, 1],
          [1, 1],
          [1, 1],
        ],
        1,
      ],
      [
        'b 1.0',
        [
          [2, 2],
          [2, 2],
          [2, 2],
        ],
        2,
      ],
    ]);
    const runs = found.flatMap(({ results }, side) =>
      Array.from({ length: results.length / 2 }, (_, i) => ({ side: 'ab'[side], pid: results[2 * i]!, at: results[2 * i + 1]! })),
    );
    const order = runs.sort((x, y) => x.at - y.at).map(({ side }) => side);
    expect(order.join('')).toBe('aaabbb' + 'aabb' + 'bbaa' + 'aabb');
    expect(lines).toContain('round 3/3: a 1.0 ms, b 2.0 ms');
    expect(runs.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it.each([
    ['ends', 'process.exit(3);', 'b ended before it answered (exit code 3)'],
    ['is killed', "process.kill(process.pid, 'SIGKILL');", 'b ended before it answered (signal SIGKILL)'],
  ])('says which side failed when one %s', async (_, script, message) => {
    const running = takeTurns([contestant('a', 1), contestant('b', 1, script)], { rounds: 1, steps: 1 }, () => {});
    await expect(running).rejects.toThrow(message);
  });

  it('says why a side cannot be started', async () => {
    const absent = { label: 'c', command: './no-such-program', args: [] };
    await expect(takeTurns([absent], { rounds: 1, steps: 1 }, () => {})).rejects.toThrow('ENOENT');
  });
});

describe('the peer', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is skipped with one line where the interpreter has no PyTorch', () => {
    vi.stubEnv('EARSHOT_PYTHON', './no-such-python');
    const lines: string[] = [];
    expect(findPyTorch((line) => lines.push(line))).toBeUndefined();
    expect(lines).toEqual([expect.stringMatching(/^PyTorch not found: \.\/no-such-python cannot .*; peer skipped$/)]);
  });
});

describe('a broken side', () => {
  it.each([
    ['starts far from a guess', [7, 1, 0.5]],
    ['does not learn', [2.1, 2.1, 2.0]],
    ['is not finite', [2.1, 0.5, Number.NaN]],
  ])('cannot win when its loss %s', (_, losses) => {
    expect(() => checkLosses('earshot', 8, losses)).toThrow(/^earshot does not train: .* start near 2\.08 and fall/);
  });
  it('is none when the losses start at a guess and fall', () => {
    expect(() => checkLosses('earshot', 8, [2.2, 2.4, 1.5, 0.7])).not.toThrow();
  });

  it('cannot win with other embeddings than the rest', () => {
    const embeddings = (label: string, ...results: number[]) => ({ label, results });
    expect(() => checkEmbeddings([embeddings('rows', 0.5, -1), embeddings('nchw', 0.5001, -1)])).not.toThrow();
    for (const results of [[0.5, -0.9], [0.5], [0.5, Number.NaN]])
      expect(() => checkEmbeddings([embeddings('rows', 0.5, -1), embeddings('nchw', ...results)])).toThrow(
        'nchw and rows differ',
      );
  });
});

describe('a row', () => {
  const measured = (rounds: number[][], peakMB: number, version: string): Measurement => ({
    version,
    rounds,
    results: [],
    peakMB,
    background: 0.0123,
  });
  const settings = { rounds: 2, steps: 2, threads: 2 };
  const ours = measured(
    [
      [6, 7],
      [8, 9.127],
    ],
    300.4,
    '1.30.0',
  );
  const theirs = measured(
    [
      [10, 10],
      [10, 30],
    ],
    200.2,
    '1.13',
  );

  it('compares both sides', () => {
    expect(rowOf({ name: 'train-step', batch: 8 }, settings, ours, theirs)).toEqual({
      name: 'train-step',
      batch: 8,
      ratio: 0.75,
      roundRatio: 0.539,
      peakMemoryRatio: 1.5,
      oursMs: 7.5,
      theirsMs: 10,
      oursMinMs: 6,
      theirsMinMs: 10,
      oursPeakMB: 300,
      theirsPeakMB: 200,
      ...settings,
      background: 0.012,
      date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      cpu: expect.stringMatching(/ x \d+$/),
      versions: { node: process.versions.node, 'onnxruntime-node': '1.30.0', torch: '1.13' },
    } satisfies Row);
  });

  it('has nulls where there is no peer', () => {
    const row = rowOf({ name: 'inference', batch: 1, precision: 'fp32', lowering: 'rows' }, settings, ours, undefined);
    expect(row).toMatchObject({ lowering: 'rows', ratio: null, roundRatio: null, peakMemoryRatio: null, oursMs: 7.5 });
    expect(row).toMatchObject({ theirsMs: null, theirsMinMs: null, theirsPeakMB: null, versions: { torch: null } });
  });

  it('is a line of the table, without columns that no row fills', () => {
    const row = (batch: number, peer?: Measurement): Row => ({
      ...rowOf({ name: 'train-step', batch }, settings, ours, peer),
      cpu: 'Some CPU x 2',
      versions: { node: '20.19.0', 'onnxruntime-node': '1.30.0', torch: null },
    });
    expect(table([row(8, theirs), row(16, theirs)]).split('\n')).toEqual([
      'batch  earshot ms  min  PyTorch ms   min  ratio  by round  earshot MB  PyTorch MB  ratio',
      '    8         7.5  6.0        10.0  10.0  0.750     0.539         300         200   1.50',
      '   16         7.5  6.0        10.0  10.0  0.750     0.539         300         200   1.50',
      '',
      'train-step: medians of 2 rounds of 2 steps, 2 threads; Some CPU x 2, at most 1 % in use by others; node 20.19.0, onnxruntime-node 1.30.0',
    ]);
    expect(
      table([row(8)])
        .split('\n')
        .slice(0, 2),
    ).toEqual(['batch  earshot ms  min  earshot MB', '    8         7.5  6.0         300']);
  });
});
