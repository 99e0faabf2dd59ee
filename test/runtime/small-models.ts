/** Models of a few nodes, written by hand, as a lowering would describe them. */
import type { Lowered, MaskPort, Port } from '../../src/graph/lower/lowered.js';
import { OnnxBuilder } from '../../src/graph/onnx/builder.js';

export const port = (name: string, shape: readonly number[], more: Partial<Port> = {}): Port => ({
  name,
  dtype: 'float32',
  shape,
  ...more,
});

interface Ports {
  inputs?: Port[];
  parameters?: Port[];
  masks?: MaskPort[];
  outputs: Port[];
}

/** `write` appends the nodes; every port's shape is in its logical order, the model sees the permuted one. */
export function lowered(ports: Ports, write: (b: OnnxBuilder) => void, { done = true, limit = 2 ** 30 } = {}): Lowered {
  const b = new OnnxBuilder();
  const all = { inputs: [], parameters: [], masks: [], ...ports };
  const physical = ({ shape, permutation }: Port) => permutation?.map((p) => shape[p]!) ?? shape;
  for (const p of [...all.inputs, ...all.parameters, ...all.masks]) b.input(p.name, p.dtype, physical(p));
  if (done) b.doneOutput();
  write(b);
  for (const p of all.outputs) b.output(p.name, p.dtype, physical(p));
  return { ...b.build('small', { limit }), ...all };
}

/** next = w + x, sum = the total of next; `index` selects an element and makes the run fail where it is out of range. */
export const accumulator = (done = true): Lowered =>
  lowered(
    {
      inputs: [port('x', [2, 3]), port('index', [1], { dtype: 'int32' })],
      parameters: [port('w', [2, 3])],
      outputs: [port('next', [2, 3]), port('sum', []), port('chosen', [1])],
    },
    (b) => {
      b.op('Add', ['w', 'x'], {}, { output: 'next' });
      b.op('ReduceSum', ['next'], { keepdims: 0 }, { output: 'sum' });
      b.op('Gather', [b.op('Reshape', ['next', b.ints([6])]), 'index'], { axis: 0 }, { output: 'chosen' });
    },
    { done },
  );

/** y = x * 2, after about a second of work. */
export const slow = (): Lowered =>
  lowered({ inputs: [port('x', [1])], outputs: [port('y', [1])] }, (b) => {
    let matrix = b.op('Mul', [b.op('Expand', ['x', b.ints([2048, 2048])]), b.scalar(1e-3)]);
    const factor = matrix;
    for (let i = 0; i < 8; i++) matrix = b.op('Clip', [b.op('MatMul', [matrix, factor]), b.scalar(0), b.scalar(1e-3)]);
    const nothing = b.op('Mul', [b.op('ReduceMax', [matrix], { keepdims: 0 }), b.scalar(0)]);
    b.op('Add', [b.op('Mul', ['x', b.scalar(2)]), nothing], {}, { output: 'y' });
  });

/** y = the maximum of 2^42 copies of x: more memory than any machine has. */
export const greedy = (): Lowered =>
  lowered({ inputs: [port('x', [1])], outputs: [port('y', [])] }, (b) => {
    const huge = b.op('Expand', ['x', b.ints([2 ** 22, 2 ** 20])]);
    b.op('ReduceMax', [huge], { keepdims: 0 }, { output: 'y' });
  });
