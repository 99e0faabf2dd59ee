/** What the blocked convolution kernels of this machine look like. */
import { OnnxBuilder } from '../graph/onnx/builder.js';
import { SessionError } from './ports.js';
import { Session } from './session.js';

const channels = 64;
let known: Promise<number> | undefined;

/**
 * Channels per block of ONNX Runtime's blocked convolutions on this CPU (16 with AVX-512, 8 with AVX2, ...), for `lowerRows`; 0 where
 * it has none. Found by looking: a picture of two pixels whose values are their channels is brought into blocks, and where the second
 * pixel's first channel comes to lie is the size of a block. Asked once per process. Throws
 * SessionError when that fails for want of memory, say; the next call asks again.
 */
export function channelBlock(): Promise<number> {
  known ??= probe().catch((error: unknown) => {
    known = undefined;
    throw error;
  });
  return known;
}

/** What ONNX Runtime says of an operation it has no schema for, or no kernel. */
const unknownOperation = /is not a registered function\/op|No Op registered for|Could not find an implementation for/;

async function probe(): Promise<number> {
  const builder = new OnnxBuilder();
  const shape = [1, channels, 1, 2];
  builder.input('x', 'float32', shape);
  builder.outputAs('y', builder.op('ReorderInput', ['x'], {}, { domain: 'com.microsoft.nchwc' }), 'float32', shape);
  const port = (name: string) => ({ name, dtype: 'float32' as const, shape });
  const lowered = { ...builder.build('channel block'), inputs: [port('x')], parameters: [], masks: [], outputs: [port('y')] };
  let session: Session;
  try {
    session = await Session.create(lowered, { name: 'channel block', threads: 1 });
  } catch (error) {
    // No such kernels in this build: everything works without them, slower.
    if (error instanceof SessionError && unknownOperation.test(error.message)) return 0;
    throw error;
  }
  try {
    // Channel c of pixel p is 2 c + p.
    const data = Float32Array.from({ length: 2 * channels }, (_, i) => i);
    const { y } = await session.run({ x: { dtype: 'float32', shape, data } });
    const at = y!.data.indexOf(1);
    return at > 1 && channels % at === 0 ? at : 0;
  } finally {
    await session.release();
  }
}
