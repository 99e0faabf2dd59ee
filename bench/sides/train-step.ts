/** train-step.js BATCH THREADS: our side of the benchmark `train-step`. */
import { adam, TrainingStep } from '../../src/training/index.js';
import { encoders, infoNce } from '../networks.js';
import { serve } from './serve.js';

const [batch, threads] = process.argv.slice(2).map(Number) as [number, number];
const { scope, vision, audio, feeds } = encoders(batch, { training: true });
const loss = infoNce(audio, vision);
const step = await TrainingStep.create({ scope, loss, optimizer: adam({ learningRate: 1e-4 }), seed: 0, session: { threads } });
await serve(async () => [(await step.run(feeds)).loss]);
await step.release();
