import { afterEach, beforeEach, expect, it, vi } from 'vitest';

// What is found is kept for the process: every test asks a module of its own.
beforeEach(() => vi.resetModules());
afterEach(() => vi.restoreAllMocks());

async function load() {
  const { channelBlock } = await import('../../src/runtime/channelBlock.js');
  const { Session } = await import('../../src/runtime/session.js');
  const { SessionError } = await import('../../src/runtime/ports.js');
  return { channelBlock, SessionError, create: vi.spyOn(Session, 'create') };
}

it('is found once', async () => {
  const { channelBlock, create } = await load();
  expect([0, 4, 8, 16, 32]).toContain(await channelBlock());
  expect(await channelBlock()).toBe(await channelBlock());
  expect(create).toHaveBeenCalledTimes(1);
});

it('is 0 where the runtime does not know the operation', async () => {
  const { channelBlock, create, SessionError } = await load();
  const message = 'channel block: Fatal error: com.microsoft.nchwc:ReorderInput(-1) is not a registered function/op';
  create.mockRejectedValueOnce(new SessionError(message));
  expect(await channelBlock()).toBe(0);
  expect(await channelBlock()).toBe(0);
  expect(create).toHaveBeenCalledTimes(1);
});

it('recognizes what the runtime says of an operation that it does not know', async () => {
  const { channelBlock } = await load();
  const { OnnxBuilder } = await import('../../src/graph/onnx/builder.js');
  const op = OnnxBuilder.prototype.op;
  vi.spyOn(OnnxBuilder.prototype, 'op').mockImplementation(function (this: InstanceType<typeof OnnxBuilder>, type, ...rest) {
    return op.call(this, `${type}Unheard`, ...rest);
  });
  expect(await channelBlock()).toBe(0);
});

it('passes other failures on, and asks again', async () => {
  const { channelBlock, create, SessionError } = await load();
  const failure = new SessionError('not enough memory for channel block');
  create.mockRejectedValueOnce(failure);
  await expect(channelBlock()).rejects.toBe(failure);
  expect([0, 4, 8, 16, 32]).toContain(await channelBlock());
});
