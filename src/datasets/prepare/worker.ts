/**
 * What runs in a process of its own: decodes one clip after the other. A broken file that crashes a native decoder ends this process
 * and nothing else.
 */
import { isMainThread, Worker } from 'node:worker_threads';
import type { PrepareRequest } from './pool.js';

const end = () => process.kill(process.pid, 'SIGKILL');

/** Ends the process when the one that started it has gone, even if a decoder never returns. */
function watchParent(): void {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && end(), 1000);
}

async function serve(): Promise<void> {
  // Ctrl-C reaches every process of a terminal; the parent decides what is finished.
  process.on('SIGINT', () => {});
  process.on('disconnect', end);
  new Worker(new URL(import.meta.url), { execArgv: [] });
  const { answer } = await import('./clip.js');
  process.on('message', async (request: PrepareRequest) => process.send!(await answer(request)));
  process.send!('ready');
}

if (isMainThread) await serve();
else watchParent();
