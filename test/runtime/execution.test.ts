/** What the worker does with onnxruntime-node itself; here in the test's own thread. */
import { InferenceSession } from 'onnxruntime-node';
import { afterEach, expect, it, vi } from 'vitest';
import type { Lowered } from '../../src/graph/lower/lowered.js';
import { Execution } from '../../src/runtime/execution.js';
import type { ModelSpec } from '../../src/runtime/protocol.js';
import { float32, int32 } from '../../src/tensor.js';
import { accumulator } from './small-models.js';

const spec = ({ model, inputs, parameters, masks, outputs }: Lowered): ModelSpec => ({
  name: 'the model',
  model: new Uint8Array(model),
  inputs,
  state: parameters.map((port) => ({ port, next: 'next', inPlace: false })),
  masks,
  outputs,
  executionProvider: 'cpu',
  threads: 1,
  graphOptimization: 'all',
  memoryPattern: false,
  spinning: true,
  memoryArena: true,
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function runOnce(done: boolean) {
  const create = vi.spyOn(InferenceSession, 'create');
  const { execution } = await Execution.create(spec(accumulator(done)), () => {});
  const native = vi.spyOn((await create.mock.results[0]!.value) as InferenceSession, 'run');
  execution.setState({ w: float32([2, 3]) });
  const feeds = { x: float32([2, 3], [1, 2, 3, 4, 5, 6]), index: int32([1], [5]) };
  const { sum, chosen } = await execution.run(feeds, { seed: 0, counter: 0 });
  expect([sum, chosen]).toEqual([float32([], [21]), float32([1], [6])]);
  expect(execution.getState(['w'])).toEqual({ w: feeds.x });
  await execution.release();
  return native.mock.results[0]!.value as Promise<unknown>;
}

it('a run of a model with done ends before the outputs are copied', async () => {
  await expect(runOnce(true)).rejects.toThrow('Non tensor type is temporarily not supported.');
});

it('a run of a model without done returns copies', async () => {
  expect(Object.keys((await runOnce(false)) as object)).toEqual(['next', 'sum', 'chosen']);
});

it.each([true, false])('threads spin: %o', async (spinning) => {
  const create = vi.spyOn(InferenceSession, 'create');
  const { execution } = await Execution.create({ ...spec(accumulator(false)), spinning }, () => {});
  const options = create.mock.calls[0]![1];
  expect(options?.extra).toEqual(spinning ? undefined : { session: { intra_op: { allow_spinning: '0' } } });
  await execution.release();
});
