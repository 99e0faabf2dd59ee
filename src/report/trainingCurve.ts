/** How a model learned: `metrics.jsonl` of a training run. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { EvaluationError } from '../evaluation/evaluator.js';

const step = z.object({ kind: z.literal('step'), update: z.number(), loss: z.number(), terms: z.record(z.string(), z.number()) });
const validation = z.object({
  kind: z.literal('validation'),
  update: z.number(),
  scores: z.record(z.string(), z.number().nullable()),
});

export interface TrainingCurve {
  steps: z.infer<typeof step>[];
  validations: z.infer<typeof validation>[];
}

/** Bytes; more than a million updates. */
const maxBytes = 2 ** 28;

/** Reads a run's metrics; lines of other kinds, and a last one that is being written, are passed over. Throws EvaluationError for a folder without them. */
export async function readTrainingCurve(folder: string): Promise<TrainingCurve> {
  const path = join(folder, 'metrics.jsonl');
  const size = await stat(path).then(
    (found) => found.size,
    () => {
      throw new EvaluationError(`${folder}: expected a folder made by "earshot train", it has no metrics.jsonl`);
    },
  );
  if (size > maxBytes) throw new EvaluationError(`${path}: ${size} bytes are more than a run's metrics have (${maxBytes})`);
  const curve: TrainingCurve = { steps: [], validations: [] };
  for (const line of (await readFile(path, 'utf8')).split('\n').slice(0, -1)) {
    const value = jsonOf(line);
    const [asStep, asValidation] = [step.safeParse(value), validation.safeParse(value)];
    if (asStep.success) curve.steps.push(asStep.data);
    else if (asValidation.success) curve.validations.push(asValidation.data);
  }
  if (curve.steps.length === 0) throw new EvaluationError(`${path}: no update of the training is in it`);
  return curve;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
