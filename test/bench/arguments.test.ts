import { describe, expect, it } from 'vitest';
import { parseArguments, UsageError, usage } from '../../bench/arguments.js';
import type { Benchmark } from '../../bench/benchmark.js';

const named = (description: string): Benchmark => ({
  description,
  defaults: { rounds: 8, steps: 5 },
  async *run() {},
});
const benchmarks = { 'train-step': named('training'), inference: named('forward') };
const parse = (line: string) => parseArguments(line.split(' ').filter(Boolean), benchmarks);

describe('the command line of the benchmarks', () => {
  it('takes a name and fills in that benchmark’s defaults', () => {
    const request = { rounds: 8, steps: 5, data: [] };
    expect(parse('inference')).toEqual({ help: false, benchmark: benchmarks.inference, json: false, request });
  });

  it('takes options in any place', () => {
    const request = { rounds: 2, steps: 30, data: [] };
    expect(parse('--json --rounds 2 train-step --steps=30')).toEqual({
      help: false,
      benchmark: benchmarks['train-step'],
      json: true,
      request,
    });
  });

  it('asks for nothing else when help is wanted', () => {
    expect(parse('--help')).toEqual({ help: true });
    expect(parse('no-such-name --help')).toEqual({ help: true });
  });

  it.each([
    ['', 'which benchmark? there are: train-step, inference'],
    ['loader', "no benchmark is called 'loader'; there are: train-step, inference"],
    ['toString', "no benchmark is called 'toString'; there are: train-step, inference"],
    ['train-step inference', 'one benchmark at a time, got train-step, inference'],
    ['inference --rounds 0', "--rounds must be a positive whole number, got '0'"],
    ['inference --steps 1.5', "--steps must be a positive whole number, got '1.5'"],
    ['inference --steps x', "--steps must be a positive whole number, got 'x'"],
    ['inference --batches 4', "Unknown option '--batches'"],
  ])('refuses "%s"', (line, message) => {
    expect(() => parse(line)).toThrow(UsageError);
    expect(() => parse(line)).toThrow(message);
  });

  it('lists every benchmark in its help', () => {
    expect(usage(benchmarks)).toContain(
      'train-step  training (--rounds 8 --steps 5)\n  inference   forward (--rounds 8 --steps 5)\n',
    );
  });
});
