/** Checks of tensors against the ports they are meant for, and their way into a model's own layout and back. */
import { type Port, physicalShape } from '../graph/lower/lowered.js';
import { type Shape, sameShape, showShape, sizeOf, type Tensor, tensor } from '../tensor.js';
import { inverse, permute } from './permute.js';

export type Tensors = Record<string, Tensor>;

/** A session that cannot do what it was asked: the message names the model, the tensor and what was expected. */
export class SessionError extends Error {
  override name = 'SessionError';
}

const show = (dtype: string, shape: Shape) => `${dtype} ${showShape(shape)}`;
const list = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ') || 'none';

/** True when the two ports hold their elements in the same way, so that one buffer can serve both. */
export const sameLayout = (a: Port, b: Port): boolean =>
  a.dtype === b.dtype && sameShape(a.shape, b.shape) && sameShape(a.permutation ?? [], b.permutation ?? []);

export const bytesOf = ({ dtype, shape }: Port): number => sizeOf(shape) * (dtype === 'bool' || dtype === 'uint8' ? 1 : 4);

/** Throws SessionError unless `given` names exactly `ports` (`partial`: some of them), each with its dtype and shape. */
export function checkTensors(model: string, what: string, given: Tensors, ports: readonly Port[], partial = false): void {
  const names = ports.map((port) => port.name);
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  if (unknown.length) throw new SessionError(`${model} has no ${what} ${list(unknown)}; it has ${list(names)}`);
  for (const port of ports) {
    const t = given[port.name];
    if (t) checkTensor(model, what, port, t);
    else if (!partial) throw new SessionError(`${model}: ${what} '${port.name}' ${show(port.dtype, port.shape)} is missing`);
  }
}

function checkTensor(model: string, what: string, port: Port, t: Tensor): void {
  if (t.dtype !== port.dtype || !sameShape(t.shape, port.shape))
    throw new SessionError(
      `${model}: ${what} '${port.name}' must be ${show(port.dtype, port.shape)}, it is ${show(t.dtype, t.shape)}`,
    );
  const { name } = tensor(port.dtype, [0]).data.constructor;
  const kind = Object.prototype.toString.call(t.data).slice(8, -1);
  if (kind !== name || t.data.length !== sizeOf(t.shape))
    throw new SessionError(
      `${model}: ${what} '${port.name}' ${show(t.dtype, t.shape)} needs a ${name} of ${sizeOf(t.shape)} elements, ` +
        `its data is a ${kind} of ${t.data.length}`,
    );
}

/** Throws SessionError when a float tensor holds NaN or an infinity. */
export function checkFinite(model: string, what: string, name: string, { dtype, data }: Tensor): void {
  if (dtype !== 'float32') return;
  for (let i = 0; i < data.length; i++)
    if (!Number.isFinite(data[i]))
      throw new SessionError(`${model}: ${what} '${name}' holds ${data[i]} (element ${i} of ${data.length})`);
}

/** A copy with a buffer of its own that can be transferred: never shared, never a part of a larger one. */
export function copyOf<T extends Tensor>(t: T): T {
  const copy = tensor(t.dtype, t.shape);
  copy.data.set(t.data);
  return copy as T;
}

/** The data in the model's order of axes: the same array where that is the logical one. */
export const toPhysical = ({ shape, permutation }: Port, data: Tensor['data']): Tensor['data'] =>
  permutation ? permute(data, shape, permutation) : data;

/** The tensor the caller sees, over the model's own data where the order of axes is the same. */
export const toLogical = (port: Port, data: Tensor['data']): Tensor =>
  tensor(port.dtype, port.shape, port.permutation ? permute(data, physicalShape(port), inverse(port.permutation)) : data);

/** The buffers of tensors that own theirs, for a transfer list. */
export const buffersOf = (tensors: Tensors): ArrayBuffer[] =>
  Object.values(tensors).map(({ data }) => data.buffer as ArrayBuffer);
