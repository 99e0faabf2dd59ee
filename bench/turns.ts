/** Processes compared by taking turns on one machine: one runs some steps while the others wait, again and again. */
import { fileURLToPath } from 'node:url';
import { cpu } from '../src/machine.js';
import type { Row, Settings } from './benchmark.js';
import { busyShare } from './machine.js';
import { Side } from './side.js';
import { compare, median, type Rounds } from './statistics.js';

export interface Contestant {
  label: string;
  command: string;
  args: readonly string[];
}

/** A process of ours. */
export const ours = (file: URL, label: string, ...args: (string | number)[]): Contestant => ({
  label,
  command: process.execPath,
  args: [fileURLToPath(file), ...args.map(String)],
});

export interface Measurement {
  version: string;
  rounds: Rounds;
  /** What every step computed, warm-up included. */
  results: readonly number[];
  peakMB: number;
  /** Share of the processors that was in use while everyone waited. */
  background: number;
}

/** Steps before the clock counts when nothing else is said: memory is allocated, caches are filled, kernels are chosen. */
const usualWarmUp = 3;

/** Above it the figures mean little: OpenMP's threads wait for each other spinning, and lose most where cores are shared. */
const quiet = 0.05;

const brief = (values: readonly number[]) => `${median(values).toFixed(1)} ms`;

/**
 * Measures every contestant, in the order given. The order of the turns is reversed in every other round, so that a machine that
 * drifts favours none. Throws an Error when a process ends early; no process is left behind.
 */
export async function takeTurns(
  contestants: readonly Contestant[],
  { rounds, steps }: Settings,
  progress: (line: string) => void,
  warmUp = usualWarmUp,
): Promise<Measurement[]> {
  const running: { side: Side; rounds: number[][]; results: number[]; peakMB: number }[] = [];
  let background = 0;
  try {
    for (const { label, command, args } of contestants) {
      const side = await Side.start(label, command, args);
      const one = { side, rounds: [], results: [] as number[], peakMB: 0 };
      running.push(one);
      one.results.push(...(await side.run(warmUp)).result);
      progress(`${label}: ready`);
    }
    background = await busyShare();
    if (background > quiet)
      progress(
        `warning: with all sides waiting ${Math.round(100 * background)} % of the processors are in use; close other programs`,
      );
    for (let round = 1; round <= rounds; round++) {
      for (const one of round % 2 ? running : [...running].reverse()) {
        const { ms, result, peakMB } = await one.side.run(steps);
        one.rounds.push(ms);
        one.results.push(...result);
        one.peakMB = peakMB;
      }
      progress(
        `round ${round}/${rounds}: ${running.map(({ side, rounds: r }) => `${side.label} ${brief(r.at(-1)!)}`).join(', ')}`,
      );
    }
  } finally {
    await Promise.all(running.map(({ side }) => side.end()));
  }
  return running.map(({ side, ...measured }) => ({ version: side.version, ...measured, background }));
}

const rounded = (x: number, digits: number) => Number(x.toFixed(digits));
const orNull = <T, R>(x: T | undefined, f: (x: T) => R): R | null => (x === undefined ? null : f(x));

/** The row that says how our measurement compares with the peer's, if there is one. */
export function rowOf(
  what: Pick<Row, 'name' | 'batch' | 'precision' | 'lowering'>,
  { rounds, steps, threads }: Pick<Row, 'rounds' | 'steps' | 'threads'>,
  own: Measurement,
  peer: Measurement | undefined,
): Row {
  const compared = peer && compare(own.rounds, peer.rounds);
  return {
    ...what,
    ratio: orNull(compared, ({ ratio }) => rounded(ratio, 3)),
    roundRatio: orNull(compared, ({ roundRatio }) => rounded(roundRatio, 3)),
    peakMemoryRatio: orNull(peer, ({ peakMB }) => rounded(own.peakMB / peakMB, 3)),
    oursMs: rounded(median(own.rounds.flat()), 2),
    theirsMs: orNull(peer, (p) => rounded(median(p.rounds.flat()), 2)),
    oursMinMs: rounded(Math.min(...own.rounds.flat()), 2),
    theirsMinMs: orNull(peer, (p) => rounded(Math.min(...p.rounds.flat()), 2)),
    oursPeakMB: rounded(own.peakMB, 0),
    theirsPeakMB: orNull(peer, ({ peakMB }) => rounded(peakMB, 0)),
    rounds,
    steps,
    threads,
    background: rounded(own.background, 3),
    date: new Date().toISOString().slice(0, 10),
    cpu: cpu(),
    versions: { node: process.versions.node, 'onnxruntime-node': own.version, torch: orNull(peer, (p) => p.version) },
  };
}
