import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Lowered } from '../../src/graph/lower/lowered.js';
import { Session, SessionError, type SessionOptions, type Tensors } from '../../src/runtime/index.js';
import { float32, int32, type Tensor, tensor } from '../../src/tensor.js';
import { accumulator, greedy, lowered, port, slow } from './small-models.js';

const sessions: Session[] = [];
async function create(model: Lowered, options: SessionOptions = {}): Promise<Session> {
  const session = await Session.create(model, { threads: 1, name: 'the model', ...options });
  sessions.push(session);
  return session;
}
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.terminate()));
});

const ones = float32([2, 3], [1, 1, 1, 1, 1, 1]);
const zeros = float32([2, 3]);
const at = (index: number) => int32([1], [index]);
const values = (t: Tensor | undefined) => [...t!.data];

describe.each([true, false])('a session over a model whose first output is done: %s', (done) => {
  it('gives the outputs, in the order of the runs asked for', async () => {
    const session = await create(accumulator(done));
    await session.setState({ w: float32([2, 3], [0, 1, 2, 3, 4, 5]) });
    const x = float32([2, 3], [1, 1, 1, 1, 1, 1]);
    const first = session.run({ x, index: at(5) });
    x.data.fill(10);
    const second = session.run({ x, index: at(0) });
    expect(await first).toEqual({
      next: float32([2, 3], [1, 2, 3, 4, 5, 6]),
      sum: float32([], [21]),
      chosen: float32([1], [6]),
    });
    expect(values((await second).next)).toEqual([10, 11, 12, 13, 14, 15]);
  });

  it.each([[], ['w']])('moves state on after every run, in place: %s', async (...inPlace) => {
    const session = await create(accumulator(done), { state: { w: 'next' }, inPlace });
    await session.setState({ w: zeros });
    const sums: number[] = [];
    for (let i = 0; i < 5; i++) {
      const outputs = await session.run({ x: ones, index: at(0) });
      expect(Object.keys(outputs)).toEqual(['sum', 'chosen']);
      sums.push(...values(outputs.sum));
    }
    expect(sums).toEqual([6, 12, 18, 24, 30]);
    const state = await session.getState();
    expect(state).toEqual({ w: float32([2, 3], [5, 5, 5, 5, 5, 5]) });
    state.w!.data.fill(100);
    expect(values((await session.run({ x: ones, index: at(0) })).sum)).toEqual([36]);
  });

  it('reports a failing run, and keeps the state it had', async () => {
    const session = await create(accumulator(done), { state: { w: 'next' } });
    await session.setState({ w: ones });
    await expect(session.run({ x: ones, index: at(99) })).rejects.toThrow(/^the model: .*Gather.*idx=99 must be within/s);
    expect(await session.getState(['w'])).toEqual({ w: ones });
    expect(values((await session.run({ x: ones, index: at(0) })).sum)).toEqual([12]);
  });
});

it('needs no options', async () => {
  const session = await Session.create(accumulator());
  sessions.push(session);
  await session.setState({ w: zeros });
  expect(session.provider).toBe('cpu');
  expect(values((await session.run({ x: ones, index: at(0) })).sum)).toEqual([6]);
});

it.each<SessionOptions>([{ threads: 2 }, { graphOptimization: 'disabled' }, { memoryPattern: true }, { memoryArena: false }])(
  'runs with %o',
  async (options) => {
    const session = await create(accumulator(), options);
    await session.setState({ w: zeros });
    expect(values((await session.run({ x: ones, index: at(0) })).sum)).toEqual([6]);
  },
);

it('never writes over state that is still being read', async () => {
  const ports = { parameters: [port('w', [6])], outputs: [port('reversed', [6]), port('first', [1])] };
  const model = lowered(ports, (b) => {
    b.op('Gather', ['w', b.constant(Int32Array.of(5, 4, 3, 2, 1, 0), [6])], { axis: 0 }, { output: 'reversed' });
    b.op('Slice', ['reversed', b.ints([0]), b.ints([1])], {}, { output: 'first' });
  });
  const session = await create(model, { state: { w: 'reversed' } });
  await session.setState({ w: float32([6], [1, 2, 3, 4, 5, 6]) });
  const firsts: number[] = [];
  for (let i = 0; i < 4; i++) firsts.push(...values((await session.run({})).first));
  expect(firsts).toEqual([6, 1, 6, 1]);
  expect(await session.getState()).toEqual({ w: float32([6], [1, 2, 3, 4, 5, 6]) });
});

it('asks for state written in place to be set again after a failing run', async () => {
  const session = await create(accumulator(), { state: { w: 'next' }, inPlace: ['w'] });
  await session.setState({ w: ones });
  await expect(session.run({ x: ones, index: at(99) })).rejects.toThrow('idx=99');
  await expect(session.run({ x: ones, index: at(0) })).rejects.toThrow("the model: state 'w' is not set; call setState");
  await expect(session.getState()).rejects.toThrow("the model: state 'w' is not set");
  await session.setState({ w: zeros });
  expect(values((await session.run({ x: ones, index: at(0) })).sum)).toEqual([6]);
});

it('shows the graph its own order of axes whatever order the model wants', async () => {
  const permutation = [1, 2, 0];
  const ports = {
    inputs: [port('x', [2, 3, 1], { permutation })],
    parameters: [port('w', [2, 3, 1], { permutation })],
    outputs: [port('next', [2, 3, 1], { permutation }), port('y', [2, 3, 1], { permutation }), port('raw', [6])],
  };
  const model = lowered(ports, (b) => {
    b.op('Add', ['w', 'x'], {}, { output: 'next' });
    b.op('Mul', ['w', 'x'], {}, { output: 'y' });
    b.op('Reshape', ['next', b.ints([6])], {}, { output: 'raw' });
  });
  const session = await create(model, { state: { w: 'next' } });
  const w = float32([2, 3, 1], [1, 2, 3, 4, 5, 6]);
  await session.setState({ w });
  expect(await session.getState()).toEqual({ w });
  const { y, raw } = await session.run({ x: float32([2, 3, 1], [10, 20, 30, 40, 50, 60]) });
  expect(y).toEqual(float32([2, 3, 1], [10, 40, 90, 160, 250, 360]));
  expect(values(raw)).toEqual([11, 44, 22, 55, 33, 66]);
  expect(await session.getState()).toEqual({ w: float32([2, 3, 1], [11, 22, 33, 44, 55, 66]) });
});

it('takes every dtype, tensors over parts of a buffer and over shared memory', async () => {
  const ports = {
    inputs: [port('f', [2]), port('i', [2], { dtype: 'int32' }), port('b', [2], { dtype: 'bool' })],
    outputs: [port('fs', [2]), port('is', [2], { dtype: 'int32' }), port('bs', [2], { dtype: 'bool' })],
  };
  const model = lowered(ports, (b) => {
    b.op('Neg', ['f'], {}, { output: 'fs' });
    b.op('Neg', ['i'], {}, { output: 'is' });
    b.op('Not', ['b'], {}, { output: 'bs' });
  });
  const session = await create(model);
  const shared = new Int32Array(new SharedArrayBuffer(8));
  shared.set([3, -4]);
  const outputs = await session.run({
    f: tensor('float32', [2], Float32Array.of(9, 1, 2, 9).subarray(1, 3)),
    i: tensor('int32', [2], shared),
    b: tensor('bool', [2], Uint8Array.of(1, 0)),
  });
  expect(outputs).toEqual({
    fs: float32([2], [-1, -2]),
    is: int32([2], [-3, 4]),
    bs: tensor('bool', [2], Uint8Array.of(0, 1)),
  });
});

describe('random masks', () => {
  const rate = 0.25;
  const model = () =>
    lowered({ masks: [{ ...port('mask', [40, 50], { permutation: [1, 0] }), rate }], outputs: [port('seen', [50, 40])] }, (b) => {
      b.op('Identity', ['mask'], {}, { output: 'seen' });
    });
  const draw = async (session: Session) => values((await session.run({})).seen);

  it('are 0 with the given probability, else 1 / (1 - rate)', async () => {
    const mask = await draw(await create(model()));
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
    // Binomial with n = 2000, p = 0.25: standard deviation 19.
    expect(Math.abs(mask.filter((x) => x === 0).length - 500)).toBeLessThan(100);
  });

  it('follow from seed and counter, which can be read and set', async () => {
    const one = await create(model(), { seed: 7 });
    const first = await draw(one);
    const second = await draw(one);
    expect(first).not.toEqual(second);
    expect(one.randomState).toEqual({ seed: 7, counter: 2 });
    const third = await draw(one);

    const other = await create(model(), { seed: 8 });
    expect(await draw(other)).not.toEqual(first);
    other.randomState = { seed: 7, counter: 2 };
    expect(await draw(other)).toEqual(third);
  });
});

it('reads weights kept outside the model', async () => {
  const weights = Float32Array.from({ length: 2000 }, (_, i) => i);
  const model = lowered(
    { inputs: [port('x', [1])], outputs: [port('y', [2000])] },
    (b) => b.op('Mul', ['x', b.constant(weights, [2000], { name: 'weights' })], {}, { output: 'y' }),
    { limit: 100 },
  );
  expect(model.externalData).toBeDefined();
  const session = await create(model);
  expect(values((await session.run({ x: float32([1], [2]) })).y)).toEqual(Array.from(weights, (w) => 2 * w));
});

describe('what does not fit is refused by name', () => {
  const refused: [string, Tensors, string][] = [
    ['a missing feed', { x: ones }, "the model: input 'index' int32 [1] is missing"],
    ['an unknown feed', { x: ones, index: at(0), y: ones }, "the model has no input 'y'; it has 'x', 'index'"],
    ['state as feed', { x: ones, index: at(0), w: ones }, "the model has no input 'w'"],
    ['another dtype', { x: ones, index: float32([1], [0]) }, "the model: input 'index' must be int32 [1], it is float32 [1]"],
    ['another shape', { x: float32([3, 2]), index: at(0) }, "the model: input 'x' must be float32 [2, 3], it is float32 [3, 2]"],
    [
      'data of another size',
      { x: { dtype: 'float32', shape: [2, 3], data: new Float32Array(5) }, index: at(0) },
      "input 'x' float32 [2, 3] needs a Float32Array of 6 elements, its data is a Float32Array of 5",
    ],
    [
      'data of another type',
      { x: { dtype: 'float32', shape: [2, 3], data: new Int32Array(6) as unknown as Float32Array }, index: at(0) },
      'needs a Float32Array of 6 elements, its data is a Int32Array of 6',
    ],
  ];
  it.each(refused)('%s', async (_, feeds, message) => {
    const session = await create(accumulator());
    const failure = session.run(feeds);
    await expect(failure).rejects.toThrow(SessionError);
    await expect(failure).rejects.toThrow(message);
  });

  it('state that is not set, unknown, of another shape, or not finite', async () => {
    const session = await create(accumulator(), { state: { w: 'next' } });
    await expect(session.run({ x: ones, index: at(0) })).rejects.toThrow("the model: state 'w' is not set; call setState");
    await expect(session.setState({ v: ones })).rejects.toThrow("the model has no state 'v'; it has 'w'");
    await expect(session.getState(['v'])).rejects.toThrow("the model has no state 'v'");
    await expect(session.setState({ w: float32([3, 2]) })).rejects.toThrow(
      "state 'w' must be float32 [2, 3], it is float32 [3, 2]",
    );
    await session.setState({ w: ones });
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
      await expect(session.setState({ w: float32([2, 3], [0, 0, 0, bad, 0, 0]) })).rejects.toThrow(
        `the model: state 'w' holds ${bad} (element 3 of 6)`,
      );
    expect(await session.getState()).toEqual({ w: ones });
  });

  it.each<[SessionOptions, string]>([
    [{ state: { v: 'next' } }, "the model: state 'v' is no input or parameter"],
    [{ state: { w: 'later' } }, "the model: state 'w': its next value 'later' is no output"],
    [{ state: { w: 'sum' } }, "the model: state 'w' and its next value 'sum' differ: float32 [2, 3] and float32 []"],
    [{ inPlace: ['w'] }, "the model: inPlace names 'w', which has no next value"],
  ])('options %o', async (options, message) => {
    await expect(create(accumulator(), options)).rejects.toThrow(message);
  });

  it('a model that is none', async () => {
    const broken = { ...accumulator(), model: Uint8Array.of(1, 2, 3) };
    await expect(create(broken)).rejects.toThrow(/^the model: .*protobuf parsing failed/i);
  });
});

describe('not enough memory names the model and its size', () => {
  it('for activations', async () => {
    const session = await create(greedy());
    await expect(session.run({ x: float32([1], [1]) })).rejects.toThrow(
      /^not enough memory for the model \(model \d+\.\d MB, state 0\.0 MB, and its activations\); a smaller batch/,
    );
  });

  it('for outputs', async () => {
    const model = lowered({ inputs: [port('x', [1])], outputs: [port('y', [2 ** 22, 2 ** 20])] }, (b) => {
      b.op('Expand', ['x', b.ints([2 ** 22, 2 ** 20])], {}, { output: 'y' });
    });
    const session = await create(model);
    await expect(session.run({ x: float32([1], [1]) })).rejects.toThrow(/^not enough memory for the model \(/);
  });
});

describe('an execution provider', () => {
  it.each(['webgpu', 'cuda'] as const)(
    '%s is used, or replaced by the CPU with one line of warning',
    async (executionProvider) => {
      const onWarning = vi.fn();
      const session = await create(accumulator(), { executionProvider, onWarning });
      if (session.provider === executionProvider) expect(onWarning).not.toHaveBeenCalled();
      else {
        expect(session.provider).toBe('cpu');
        expect(onWarning.mock.calls).toEqual([
          [expect.stringMatching(/^the model: execution provider '.*, running on the CPU \(.+\)$/)],
        ]);
        expect(onWarning.mock.calls[0]![0]).toContain(`'${executionProvider}'`);
      }
      await session.setState({ w: zeros });
      expect(values((await session.run({ x: ones, index: at(0) })).sum)).toEqual([6]);
    },
  );

  it('that is missing is reported on the console when nobody else listens', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const session = await create(accumulator(), { executionProvider: 'cuda' });
    expect(warn.mock.calls.length).toBe(session.provider === 'cuda' ? 0 : 1);
    warn.mockRestore();
  });
});

describe('the end of a session', () => {
  const x = float32([1], [3]);

  it('leaves the event loop free while it runs', async () => {
    const session = await create(slow());
    let turns = 0;
    let finished = false;
    const run = session.run({ x }).finally(() => {
      finished = true;
    });
    while (!finished && turns < 50) {
      await new Promise(setImmediate);
      turns++;
    }
    expect([turns, finished]).toEqual([50, false]);
    expect(await run).toEqual({ y: float32([1], [6]) });
  });

  it('release lets the runs asked for finish, and refuses later ones', async () => {
    const session = await create(slow());
    const run = session.run({ x });
    const release = session.release();
    await expect(session.run({ x })).rejects.toThrow('the model: the session was released');
    expect(await run).toEqual({ y: float32([1], [6]) });
    await release;
    await session.release();
    await expect(session.getState()).rejects.toThrow('the model: the session was released');
  });

  it('terminate rejects what is waiting, at once', async () => {
    const session = await create(slow());
    const runs = [session.run({ x }), session.run({ x })];
    const states: string[] = [];
    const terminated = session.terminate().then(() => states.push('ended'));
    for (const run of runs) await expect(run).rejects.toThrow('the model: the session was terminated');
    states.push('rejected');
    await terminated;
    expect(states).toEqual(['rejected', 'ended']);
    await expect(session.run({ x })).rejects.toThrow('the model: the session was terminated');
    await session.release();
  });

  it('an aborted signal rejects with its reason and terminates', async () => {
    const session = await create(slow());
    const controller = new AbortController();
    const run = session.run({ x }, { signal: controller.signal });
    const other = session.run({ x });
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(run).rejects.toThrow('enough');
    await expect(other).rejects.toThrow('the model: the session was terminated');
    await expect(session.run({ x }, { signal: controller.signal })).rejects.toThrow('enough');
    await expect(session.run({ x })).rejects.toThrow('terminated');
  });

  it('a signal that aborts after the run does nothing', async () => {
    const session = await create(accumulator());
    await session.setState({ w: zeros });
    const controller = new AbortController();
    await session.run({ x: ones, index: at(0) }, { signal: controller.signal });
    controller.abort();
    expect(values((await session.run({ x: ones, index: at(0) })).sum)).toEqual([6]);
  });
});
