/** The thread a session runs in: answers requests one after the other. */
import { parentPort } from 'node:worker_threads';
import { Execution } from './execution.js';
import { buffersOf, type Tensors } from './ports.js';
import type { Failure, Reply, Request } from './protocol.js';

const port = parentPort!;
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
    if (kind === 'setState') execution!.setState(body);
    else await execution!.release();
    reply({ id, result: undefined });
  } catch (error) {
    reply({ id, failure: failureOf(error) });
  }
}

// A run gives way to the event loop before it starts: without the chain a later request could overtake it.
let last = Promise.resolve();
port.on('message', (request: Request) => {
  last = last.then(() => answer(request));
});
