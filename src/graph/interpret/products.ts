/** Matrix products, convolutions and pooling: one loop over everything that meets, shared by an operation and its adjoints. */
import { type Shape, sizeOf, stridesOf } from '../../tensor.js';
import type { ConvAttributes, Op, PoolAttributes } from '../ir.js';
import { broadcastOffsets, type Dense, offsets, type Rule } from './dense.js';

/** Calls `meet` with the offsets of every x, weight and y that meet in y += x * weight; taps that fall on the padding are left out. */
function eachTap(x: Shape, weight: Shape, y: Shape, a: ConvAttributes, meet: (x: number, weight: number, y: number) => void) {
  const [batch, channels, height, width] = x as [number, number, number, number];
  const [filters, perGroup, kh, kw] = weight as [number, number, number, number];
  const [, , oh, ow] = y as [number, number, number, number];
  for (let b = 0; b < batch; b++)
    for (let f = 0; f < filters; f++)
      for (let g = 0; g < perGroup; g++) {
        const channel = Math.floor((f * a.groups) / filters) * perGroup + g;
        for (let i = 0; i < kh; i++)
          for (let j = 0; j < kw; j++)
            for (let r = 0; r < oh; r++) {
              const row = r * a.stride[0] - a.padding[0] + i * a.dilation[0];
              if (row < 0 || row >= height) continue;
              for (let c = 0; c < ow; c++) {
                const column = c * a.stride[1] - a.padding[1] + j * a.dilation[1];
                if (column < 0 || column >= width) continue;
                meet(
                  ((b * channels + channel) * height + row) * width + column,
                  ((f * perGroup + g) * kh + i) * kw + j,
                  ((b * filters + f) * oh + r) * ow + c,
                );
              }
            }
      }
}

/** Calls `visit` with each window of x: the offset of its result, the offsets of what it covers, its size without and with padding. */
function eachWindow(x: Shape, y: Shape, a: PoolAttributes, visit: (y: number, covered: number[], padded: number) => void) {
  const [batch, channels, height, width] = x as [number, number, number, number];
  const [, , oh, ow] = y as [number, number, number, number];
  for (let plane = 0; plane < batch * channels; plane++)
    for (let r = 0; r < oh; r++)
      for (let c = 0; c < ow; c++) {
        const covered: number[] = [];
        let padded = 0;
        for (let i = 0; i < a.kernel[0]; i++)
          for (let j = 0; j < a.kernel[1]; j++) {
            const row = r * a.stride[0] - a.padding[0] + i;
            const column = c * a.stride[1] - a.padding[1] + j;
            if (row >= 0 && row < height && column >= 0 && column < width) covered.push((plane * height + row) * width + column);
            padded++;
          }
        visit((plane * oh + r) * ow + c, covered, padded);
      }
}

/** Offsets of the matrices of a batch, broadcast to the batch's shape, and the strides of rows and columns. */
function matrices(m: Dense, batch: Shape, transposed: boolean) {
  const [rows, columns] = m.shape.slice(-2) as [number, number];
  const starts = broadcastOffsets(m.shape.slice(0, -2), batch).map((i) => i * rows * columns);
  return transposed ? { starts, row: 1, column: columns } : { starts, row: columns, column: 1 };
}

export const products = {
  matMul: ([a, b], { attributes: { transposeA, transposeB }, shape }) => {
    const batch = shape.slice(0, -2);
    const [rows, columns] = shape.slice(-2) as [number, number];
    const inner = a!.shape.at(transposeA ? -2 : -1)!;
    const [left, right] = [matrices(a!, batch, transposeA), matrices(b!, batch, transposeB)];
    const out = new Float64Array(sizeOf(shape));
    offsets(batch, stridesOf(shape)).forEach((start, i) => {
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c++) {
          let sum = 0;
          for (let k = 0; k < inner; k++)
            sum +=
              a!.data[left.starts[i]! + r * left.row + k * left.column]! *
              b!.data[right.starts[i]! + k * right.row + c * right.column]!;
          out[start + r * columns + c] = sum;
        }
    });
    return out;
  },
  conv2d: ([x, weight], { attributes, shape }) => {
    const y = new Float64Array(sizeOf(shape));
    eachTap(x!.shape, weight!.shape, shape, attributes, (xi, wi, yi) => {
      y[yi]! += x!.data[xi]! * weight!.data[wi]!;
    });
    return y;
  },
  conv2dInputGrad: ([weight, dy], { attributes, shape }) => {
    const dx = new Float64Array(sizeOf(shape));
    eachTap(shape, weight!.shape, dy!.shape, attributes, (xi, wi, yi) => {
      dx[xi]! += dy!.data[yi]! * weight!.data[wi]!;
    });
    return dx;
  },
  conv2dWeightGrad: ([x, dy], { attributes, shape }) => {
    const dw = new Float64Array(sizeOf(shape));
    eachTap(x!.shape, shape, dy!.shape, attributes, (xi, wi, yi) => {
      dw[wi]! += dy!.data[yi]! * x!.data[xi]!;
    });
    return dw;
  },
  maxPool2d: ([x], { attributes, shape }) => {
    const y = new Float64Array(sizeOf(shape));
    eachWindow(x!.shape, shape, attributes, (yi, covered) => {
      y[yi] = Math.max(...covered.map((xi) => x!.data[xi]!));
    });
    return y;
  },
  maxPool2dGrad: ([x, y, dy], { attributes }) => {
    const dx = new Float64Array(x!.data.length);
    eachWindow(x!.shape, y!.shape, attributes, (yi, covered) => {
      const tied = covered.filter((xi) => x!.data[xi] === y!.data[yi]);
      for (const xi of tied) dx[xi]! += dy!.data[yi]! / tied.length;
    });
    return dx;
  },
  averagePool2d: ([x], { attributes, shape }) => {
    const y = new Float64Array(sizeOf(shape));
    eachWindow(x!.shape, shape, attributes, (yi, covered, padded) => {
      const sum = covered.reduce((s, xi) => s + x!.data[xi]!, 0);
      y[yi] = sum / (attributes.countPadding ? padded : covered.length);
    });
    return y;
  },
  averagePool2dGrad: ([dy], { attributes, shape }) => {
    const dx = new Float64Array(sizeOf(shape));
    eachWindow(shape, dy!.shape, attributes, (yi, covered, padded) => {
      for (const xi of covered) dx[xi]! += dy!.data[yi]! / (attributes.countPadding ? padded : covered.length);
    });
    return dx;
  },
} satisfies { [K in Op]?: Rule<K> };
