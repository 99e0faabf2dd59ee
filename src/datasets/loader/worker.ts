/** A decoding thread of the loader. */
import { parentPort, workerData } from 'node:worker_threads';
import { MediaError } from '../../media/types.js';
import { sizeOf } from '../../tensor.js';
import { type FailedSlot, Flag, type Item, type Task, type TaskResult, type WorkerData } from './protocol.js';
import { SampleMaker } from './sample.js';
import { shapeOf } from './views.js';

const { buffers, flags, ...options } = workerData as WorkerData;
const maker = new SampleMaker(options);
const sizes = Object.entries(options.views).map(([name, view]) => sizeOf(shapeOf(name, view)));

/** Files of a few samples are read while another is computed. */
const inFlight = 4;

async function run({ id, buffer, epoch, items }: Task): Promise<void> {
  const failed: FailedSlot[] = [];
  const waiting = items.values();
  const next = async ({ slot, ...item }: Item) => {
    const outputs = buffers[buffer]!.map((values, v) => values.subarray(slot * sizes[v]!, (slot + 1) * sizes[v]!));
    try {
      await maker.make(item, epoch, outputs);
    } catch (error) {
      // Anything else is not the file's fault: it ends the thread and reaches the loader.
      if (!(error instanceof MediaError) || error.problem === 'needsFfmpeg') throw error;
      failed.push({ slot, file: error.file, reason: error.reason });
    }
  };
  const lane = async () => {
    for (const item of waiting) if (!Atomics.load(flags, Flag.abandoned)) await next(item);
  };
  Atomics.add(flags, Flag.busy, 1);
  try {
    await Promise.all(Array.from({ length: inFlight }, lane));
  } finally {
    Atomics.sub(flags, Flag.busy, 1);
    Atomics.notify(flags, Flag.busy);
  }
  parentPort!.postMessage({ id, failed } satisfies TaskResult);
}

parentPort!.on('message', (task: Task | 'end') => {
  if (task === 'end') parentPort!.close();
  else void run(task);
});
