/** A process with sessions ends by itself: run in a process of its own, from the built package. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const dist = new URL('../../dist/', import.meta.url);
const runtime = JSON.stringify(new URL('runtime/index.js', dist).href);
const builder = JSON.stringify(new URL('graph/onnx/builder.js', dist).href);

/** A session over y = x^T x, repeated for a while. */
const prelude = `
  import { Session } from ${runtime};
  import { OnnxBuilder } from ${builder};
  const b = new OnnxBuilder();
  let y = b.op('Mul', [b.op('Expand', [b.input('x', 'float32', [1]), b.ints([1024, 1024])]), b.scalar(1e-3)]);
  for (let i = 0; i < 20; i++) y = b.op('MatMul', [y, y]);
  b.outputAs('y', y, 'float32', [1024, 1024]);
  const port = (name, shape) => ({ name, dtype: 'float32', shape });
  const model = { ...b.build('m'), inputs: [port('x', [1])], parameters: [], masks: [], outputs: [port('y', [1024, 1024])] };
  const session = await Session.create(model, { threads: 1 });
  const feeds = { x: { dtype: 'float32', shape: [1], data: Float32Array.of(1) } };
`;

it.each([
  ['a session that is never released', '', ''],
  ['a session that is used and never released', 'await session.run(feeds); console.log("ran");', 'ran\n'],
  ['a session that is released', 'await session.run(feeds); await session.release(); console.log("ran");', 'ran\n'],
  [
    'a run that is abandoned',
    'session.run(feeds).catch((error) => console.log(error.message)); await session.terminate();',
    'model: the session was terminated\n',
  ],
  [
    'thousands of runs that are abandoned',
    `const runs = Array.from({ length: 5000 }, () => session.run(feeds));
     setTimeout(() => session.terminate(), 100);
     const results = await Promise.allSettled(runs);
     console.log(new Set(results.slice(1000).map(({ reason }) => reason?.message)))`,
    "Set(1) { 'model: the session was terminated' }\n",
  ],
  ['a run that nobody waits for', 'session.run(feeds).then(() => console.log("ran"));', 'ran\n'],
  ['process.exit during a run', 'session.run(feeds); setTimeout(() => process.exit(0), 50);', ''],
])('%s', async (_, script, expected) => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', prelude + script]);
  expect([stdout, stderr]).toEqual([expected, '']);
});
