/** Max pooling on rows: the taps of every window gathered side by side; taps that tie for the maximum share the gradient. */
import { lowestFloat } from '../../../tensor.js';
import type { Op, PoolAttributes, Value } from '../../ir.js';
import { blockedDomain, type Form, type RowsContext, type RowsRule } from './context.js';
import { canonical, forEachPixel, type Geometry, phased, phaseLength } from './geometry.js';

interface Pool extends PoolAttributes {
  readonly channels: number;
  readonly from: Geometry;
  readonly to: Geometry;
}
const poolKey = (p: Pool) => `pool k${p.kernel} s${p.stride} p${p.padding} ${p.from.key} -> ${p.to.key}`;

/** [taps, rows of the output, C]; taps outside the picture hold the lowest number. */
function windows(c: RowsContext, p: Pool, x: string): string {
  const taps = p.kernel[0] * p.kernel[1];
  return c.once(`${poolKey(p)} ${x}`, () => {
    const index = c.index(poolKey(p), () => {
      const values = new Int32Array(taps * p.to.rows);
      forEachPixel(p.to, (b, y, xx) => {
        for (let i = 0; i < p.kernel[0]; i++)
          for (let j = 0; j < p.kernel[1]; j++) {
            const [iy, ix] = [y * p.stride[0] + i - p.padding[0], xx * p.stride[1] + j - p.padding[1]];
            const inside = iy >= 0 && ix >= 0 && iy < p.from.height && ix < p.from.width;
            values[(i * p.kernel[1] + j) * p.to.rows + p.to.at(b, y, xx)] = inside ? p.from.at(b, iy, ix) : p.from.rows;
          }
      });
      return values;
    });
    return c.reshape(c.pick(c.withRow(x, p.channels, lowestFloat), index), [taps, p.to.rows * p.channels]);
  });
}

function poolOf(c: RowsContext, x: Value, a: PoolAttributes, to: Geometry): Pool {
  return { ...a, channels: x.shape[1]!, from: c.rows(x).geometry, to };
}

const maxPool2d: RowsRule<'maxPool2d'> = (node, c): Form | undefined => {
  const [x] = node.inputs as [Value];
  if (!['rows', 'blocked'].includes(c.form(x).kind)) return undefined;
  const { kernel, stride, padding } = node.attributes;
  if (c.form(x).kind === 'blocked') {
    const attributes = { kernel_shape: kernel, strides: stride, pads: padding };
    return { kind: 'blocked', name: c.op('MaxPool', [c.blocked(x).name], attributes, blockedDomain) };
  }
  const geometry = canonical(node.shape[0]!, [node.shape[2]!, node.shape[3]!]);
  const pool = poolOf(c, x, node.attributes, geometry);
  const top = c.op('ReduceMax', [windows(c, pool, c.rows(x).name), c.builder.ints([0])], { keepdims: 0 });
  return { kind: 'rows', name: c.reshape(top, [geometry.rows, pool.channels]), geometry };
};

const maxPool2dGrad: RowsRule<'maxPool2dGrad'> = (node, c): Form | undefined => {
  const [x, y, dy] = node.inputs as [Value, Value, Value];
  if (!['rows', 'blocked'].includes(c.form(x).kind)) return undefined;
  const to = c.rows(y).geometry;
  const pool = poolOf(c, x, node.attributes, to);
  const taps = pool.kernel[0] * pool.kernel[1];
  const flat = (v: Value) => c.reshape(c.rows(v, to).name, [1, to.rows * pool.channels]);
  // x - y is 0 at a maximum and negative elsewhere.
  const below = c.op('Sub', [windows(c, pool, c.rows(x).name), flat(y)]);
  const isMaximum = c.isNotNegative(below);
  const ties = c.op('ReduceSum', [isMaximum, c.builder.ints([0])], { keepdims: 1 });
  const shares = c.reshape(c.op('Mul', [isMaximum, c.op('Div', [flat(dy), ties])]), [taps * to.rows, pool.channels]);
  return collect(c, pool, c.withRow(shares, pool.channels), taps * to.rows);
};

/** Adds up, for every input pixel, the shares of all windows over it; by residue of the stride, so that no sum has a wasted term. */
function collect(c: RowsContext, p: Pool, shares: string, none: number): Form {
  const { batch, height, width } = p.from;
  const [sh, sw] = p.stride;
  const parts: string[] = [];
  for (let py = 0; py < sh; py++)
    for (let px = 0; px < sw; px++) {
      const [h, w] = [phaseLength(height, sh, py), phaseLength(width, sw, px)];
      if (!h || !w) continue;
      const terms: string[] = [];
      for (let i = (py + p.padding[0]) % sh; i < p.kernel[0]; i += sh)
        for (let j = (px + p.padding[1]) % sw; j < p.kernel[1]; j += sw) {
          const index = c.index(`${poolKey(p)} back ${py} ${px} ${i} ${j}`, () => {
            const values = new Int32Array(batch * h * w);
            forEachPixel({ batch, height: h, width: w }, (b, y, x) => {
              const [oy, ox] = [(y * sh + py + p.padding[0] - i) / sh, (x * sw + px + p.padding[1] - j) / sw];
              const inside = oy >= 0 && ox >= 0 && oy < p.to.height && ox < p.to.width;
              values[(b * h + y) * w + x] = inside ? (i * p.kernel[1] + j) * p.to.rows + p.to.at(b, oy, ox) : none;
            });
            return values;
          });
          terms.push(c.pick(shares, index));
        }
      const zero = () => c.op('Expand', [c.scalar(0), c.builder.ints([batch * h * w, p.channels])]);
      parts.push(terms.length ? terms.reduce((a, b) => c.op('Add', [a, b])) : zero());
    }
  const order = phased(batch, [height, width], p.stride);
  const name = parts.length === 1 ? parts[0]! : c.op('Concat', parts, { axis: 0 });
  return { kind: 'rows', name: c.reorder({ name, layout: order }, p.from, p.channels), geometry: p.from };
}

export const poolingRules = { maxPool2d, maxPool2dGrad } satisfies { [K in Op]?: RowsRule<K> };
