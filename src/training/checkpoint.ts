/** Checkpoints as safetensors files: parameters as tensors, the counters as metadata. */
import { loadSafetensors, saveSafetensors } from '../runtime/index.js';
import type { Checkpoint } from './stepSession.js';

const format = 'earshot-checkpoint-1';
const counters = { runs: /^\d+$/, randomSeed: /^-?\d+$/, randomCounter: /^\d+$/ };

/**
 * Writes a checkpoint, whole or not at all; `more` is further metadata. Throws an Error, and leaves an earlier file alone, when a parameter is not finite: no step
 * could go on from there.
 */
export async function saveCheckpoint(
  path: string,
  { parameters, runs, random }: Checkpoint,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const [name, { data }] of Object.entries(parameters)) {
    const at = data.findIndex((x) => !Number.isFinite(x));
    if (at >= 0)
      throw new Error(`${path}: not written, '${name}' is ${data[at]} at element ${at}; restore an earlier checkpoint`);
  }
  const metadata = { ...more, format, runs: `${runs}`, randomSeed: `${random.seed}`, randomCounter: `${random.counter}` };
  await saveSafetensors(path, parameters, metadata);
}

/**
 * Reads what `saveCheckpoint` wrote. Throws an Error that names the file when it is damaged or a safetensors file of another kind
 * (weights alone are loaded with `loadSafetensors` and `setWeights`).
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint & { metadata: Record<string, string> }> {
  const { tensors, metadata } = await loadSafetensors(path);
  if (metadata.format !== format)
    throw new Error(
      `${path} is no training checkpoint: its metadata gives format '${metadata.format ?? 'none'}', not '${format}'`,
    );
  const [runs, seed, counter] = Object.entries(counters).map(([key, pattern]) => {
    const text = metadata[key] ?? 'nothing';
    if (!pattern.test(text) || !Number.isSafeInteger(Number(text)))
      throw new Error(`${path}: its metadata gives ${key} as '${text}', expected digits: no number of a checkpoint`);
    return Number(text);
  }) as [number, number, number];
  return { parameters: tensors, runs, random: { seed, counter }, metadata };
}
