/** The thread a session runs in: answers requests one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { Execution } from './execution.js';
import { buffersOf, type Tensors } from './ports.js';
import { type Failure, Flag, type Reply, type Request, type WorkerData } from './protocol.js';

const port = parentPort!;
const { flags } = workerData as WorkerData;
const reply = (message: Reply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

/** What ONNX Runtime's allocators, C++ and V8 say when memory runs out. */
const memoryMessages =
  /failed to allocate memory|bad_alloc|array buffer allocation failed|invalid typed array length|out of memory/i;

function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message.trim() : String(error);
  return { message, outOfMemory: memoryMessages.test(message) };
}

let execution: Execution | undefined;

async function answer(request: Request): Promise<void> {
  const { id, kind, body } = request;
  const tensors = (result: Tensors) => reply({ id, result }, buffersOf(result));
  try {
    if (kind === 'create') {
      const created = await Execution.create(body, (warning) => reply({ warning }));
      execution = created.execution;
      return reply({ id, result: created.provider });
    }
    if (kind === 'run') return tensors(await execution!.run(body.feeds, body.random));
    if (kind === 'getState') return tensors(execution!.getState(body));
    execution!.setState(body);
    reply({ id, result: undefined });
  } catch (error) {
    reply({ id, failure: failureOf(error) });
  }
}

async function next(request: Request | 'end'): Promise<void> {
  Atomics.store(flags, Flag.busy, 1);
  // Read after busy is set: a session that abandons this thread either is seen here or sees that it has to wait.
  if (request === 'end') await execution?.release();
  else if (Atomics.load(flags, Flag.abandoned) === 0) await answer(request);
  Atomics.store(flags, Flag.busy, 0);
  Atomics.notify(flags, Flag.busy);
  if (request === 'end') port.close();
}

// A run gives way to the event loop before it starts: without the chain a later request could overtake it.
let last = Promise.resolve();
port.on('message', (request: Request | 'end') => {
  last = last.then(() => next(request));
});
