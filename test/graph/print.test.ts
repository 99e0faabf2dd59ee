import { expect, it } from 'vitest';
import {
  add,
  clamp,
  conv2d,
  greater,
  indices,
  input,
  labelled,
  parameter,
  print,
  relu,
  sum,
  vector,
} from '../../src/graph/index.js';

it('prints one line per value, then the outputs', () => {
  const x = input('image', [1, 3, 8, 8]);
  const w = parameter('conv1.weight', [4, 3, 3, 3], { kind: 'kaimingNormal', fan: 'out' });
  const y = labelled('vision', () => labelled('conv1', () => relu(conv2d(x, w, { stride: 2, padding: 1 }))));
  const outputs = {
    loss: sum(add(y, vector([0.1, 2, 3, 4])), undefined),
    positive: greater(clamp(y, 0, 6), 0),
    index: indices([5], [5, 6, 7, 8, 9]),
  };
  expect(print({ outputs })).toBe(
    `
%0 input [1, 3, 8, 8] (name 'image')
%1 parameter [4, 3, 3, 3] (name 'conv1.weight', init kind 'kaimingNormal', fan 'out', trainable true)
%2 conv2d [1, 4, 4, 4] (stride [2, 2], padding [1, 1, 1, 1], dilation [1, 1], groups 1)  <- %0, %1   vision/conv1
%3 relu [1, 4, 4, 4]  <- %2   vision/conv1
%4 constant [4] [0.1, 2, 3, 4]
%5 add [1, 4, 4, 4]  <- %3, %4
%6 sum [] (axes [0, 1, 2, 3], keepDims false)  <- %5
%7 clamp [1, 4, 4, 4] (min 0, max 6)  <- %3
%8 constant [] [0]
%9 compare bool[1, 4, 4, 4] (kind 'greater')  <- %7, %8
%10 constant int32[5] [5, 6, 7, 8, ...]
loss = %6
positive = %9
index = %10`.trim(),
  );
});
