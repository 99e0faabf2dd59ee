/** evaluate.js MAPS ANNOTATIONS: our side of the benchmark `evaluate`. A step is a whole evaluation, from the files to the scores. */
import { readBenchmark } from '../../src/datasets/index.js';
import { Evaluator, evaluateMaps, protocols } from '../../src/evaluation/index.js';
import { serve } from './serve.js';

const [maps, annotations] = process.argv.slice(2) as [string, string];

await serve(async () => {
  const benchmark = await readBenchmark('is3', { annotations });
  const evaluator = new Evaluator(benchmark, protocols.sslalign, 'maps', { masks: true });
  await evaluateMaps(maps, [evaluator]);
  const { scores } = evaluator.result();
  return [
    scores.cIoU,
    scores.cIoUAdap,
    scores.AUC,
    scores.AUCAdap,
    scores.IIoU,
    scores.IIoUAdap,
    scores.IAUC,
    scores.IAUCAdap,
    scores.pointing,
    scores.NSA,
    scores.mIoU!,
    scores.mIoUAdap!,
    scores.FScore!,
    scores.FScoreAdap!,
  ];
});
