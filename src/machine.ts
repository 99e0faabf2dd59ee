/** What figures were measured on. */
import { createRequire } from 'node:module';
import { cpus } from 'node:os';

/** `AMD EPYC 9R14 x 2`: the model and how many of it the system sees. */
export function cpu(): string {
  const all = cpus();
  return `${all[0]?.model.trim() || process.arch} x ${all.length}`;
}

export const onnxRuntimeVersion = (): string =>
  (createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }).version;
