/** Moving feature maps without leaving the rows: parts of a batch, and maps as matrices of their pixels and back. */
import type { Value } from '../../ir.js';
import { type RowsContext, type RowsRule, shapeOf } from './context.js';
import { canonical } from './geometry.js';

const isMap = (x: Value, c: RowsContext) => x.shape.length === 4 && x.dtype === 'float32' && c.form(x).kind !== 'plain';

/** Pictures one after another, whatever the order was. */
function inOrder(c: RowsContext, x: Value): string {
  const [batch, , height, width] = shapeOf(x);
  return c.rows(x, canonical(batch, [height, width])).name;
}

const rowsOf = (name: string, [batch, , height, width]: readonly number[]) =>
  ({ kind: 'rows', name, geometry: canonical(batch!, [height!, width!]) }) as const;

/** Some of the pictures. */
const slice: RowsRule<'slice'> = (node, c) => {
  const [x] = node.inputs as [Value];
  const { starts } = node.attributes;
  if (!isMap(x, c) || c.form(x).kind === 'taps' || node.shape.some((size, axis) => axis > 0 && size !== x.shape[axis]))
    return undefined;
  const pixels = x.shape[2]! * x.shape[3]!;
  const [first, end] = [starts[0]! * pixels, (starts[0]! + node.shape[0]!) * pixels];
  return rowsOf(c.op('Slice', [inOrder(c, x), c.builder.ints([first]), c.builder.ints([end]), c.builder.ints([0])]), node.shape);
};

/** Zeros in the place of other pictures: the gradient of `slice`. */
const pad: RowsRule<'pad'> = (node, c) => {
  const [x] = node.inputs as [Value];
  const { before, after, value } = node.attributes;
  const isOther = [1, 2, 3].some((axis) => before[axis] !== 0 || after[axis] !== 0);
  if (!isMap(x, c) || c.form(x).kind === 'taps' || isOther || value !== 0) return undefined;
  const pixels = x.shape[2]! * x.shape[3]!;
  const pads = c.builder.ints([before[0]! * pixels, 0, after[0]! * pixels, 0]);
  return rowsOf(c.op('Pad', [inOrder(c, x), pads]), node.shape);
};

const toPixels = '0,2,3,1';
const fromPixels = '0,3,1,2';

/** [B, C, H, W] -> [B, H, W, C], which is what rows are, and back. */
const transpose: RowsRule<'transpose'> = (node, c) => {
  const [x] = node.inputs as [Value];
  const order = node.attributes.permutation.join();
  if (order === toPixels && isMap(x, c) && c.form(x).kind !== 'taps')
    return { kind: 'plain', name: c.reshape(inOrder(c, x), node.shape) };
  if (order !== fromPixels || x.dtype !== 'float32') return undefined;
  const [batch, channels, height, width] = shapeOf(node);
  return rowsOf(c.reshape(c.plain(x), [batch * height * width, channels]), node.shape);
};

export const movementRules = { slice, pad, transpose };
