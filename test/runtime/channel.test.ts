/** What a session reports when its thread breaks down; the thread here runs a line of its own instead of a model. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Session } from '../../src/runtime/index.js';
import { accumulator } from './small-models.js';

const thread = vi.hoisted(() => ({ script: '' }));
vi.mock('node:worker_threads', async (importOriginal) => {
  const { Worker } = await importOriginal<typeof import('node:worker_threads')>();
  class Scripted extends Worker {
    constructor() {
      super(`require('node:worker_threads').parentPort.once('message', () => { ${thread.script} })`, {
        eval: true,
        resourceLimits: { maxOldGenerationSizeMb: 16 },
      });
    }
  }
  return { Worker: Scripted };
});
afterEach(() => {
  thread.script = '';
});

describe('a session whose worker', () => {
  it.each([
    ['ends', 'process.exit(3)', 'the model: its worker ended with exit code 3'],
    ['throws', 'throw new Error("lost")', 'the model: lost'],
    [
      'fills its heap',
      'const kept = []; while (true) kept.push({ a: [kept.length] })',
      'not enough memory for the model (model 0.0 MB',
    ],
  ])('%s rejects', async (_, script, message) => {
    thread.script = script;
    await expect(Session.create(accumulator(), { name: 'the model' })).rejects.toThrow(message);
  });
});
