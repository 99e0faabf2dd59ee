/** A small network of ResNet's parts, for tests of whole graphs: stem, max pool, a plain and a strided block, head, loss. */
import type { Value } from '../../src/graph/ir.js';
import { labelled } from '../../src/graph/ir.js';
import * as ops from '../../src/graph/ops.js';
import type { Draw } from './draw.js';

type Norm = 'batch' | 'inference';

function normalized(d: Draw, x: Value, name: string, norm: Norm): Value {
  const c = [x.shape[1]!];
  const gamma = d.parameter(`${name}.gamma`, c, 0.5, 1.5);
  const beta = d.parameter(`${name}.beta`, c);
  if (norm === 'batch') return ops.batchNorm(x, gamma, beta);
  return ops.batchNormInference(x, gamma, beta, d.parameter(`${name}.mean`, c), d.parameter(`${name}.variance`, c, 0.5, 2));
}

function convolved(d: Draw, x: Value, out: number, kernel: number, stride: number, name: string, norm: Norm): Value {
  return labelled(name, () => {
    const fanIn = x.shape[1]! * kernel * kernel;
    const weight = d.parameter(`${name}.weight`, [out, x.shape[1]!, kernel, kernel], -2 / Math.sqrt(fanIn), 2 / Math.sqrt(fanIn));
    return normalized(d, ops.conv2d(x, weight, { stride, padding: (kernel - 1) / 2 }), `${name}.bn`, norm);
  });
}

function block(d: Draw, x: Value, out: number, stride: number, name: string, norm: Norm): Value {
  return labelled(name, () => {
    const first = ops.relu(convolved(d, x, out, 3, stride, `${name}.conv1`, norm));
    const second = convolved(d, first, out, 3, 1, `${name}.conv2`, norm);
    const shortcut = stride === 1 ? x : convolved(d, x, out, 1, stride, `${name}.downsample`, norm);
    return ops.relu(ops.add(second, shortcut));
  });
}

/** Pictures [B, 3, H, W] -> embeddings [B, 5]. */
export function residualNetwork(d: Draw, pictures: Value, norm: Norm): Value {
  const stem = ops.relu(convolved(d, pictures, 8, 7, 2, 'stem', norm));
  const pooled = ops.maxPool2d(stem, 3, { stride: 2, padding: 1 });
  const features = block(d, block(d, pooled, 8, 1, 'layer1', norm), 12, 2, 'layer2', norm);
  const head = ops.matMul(ops.globalAveragePool(features), d.parameter('head.weight', [12, 5]));
  return ops.bias(head, d.parameter('head.bias', [5]));
}
