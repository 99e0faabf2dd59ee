/** inference.js BATCH THREADS LOWERING: our side of the benchmark `inference`. */
import { channelBlock, Session } from '../../src/runtime/index.js';
import { initialize } from '../../src/training/index.js';
import { type LoweringName, lowerings } from '../lowerings.js';
import { encoders } from '../networks.js';
import { serve } from './serve.js';

const [batch, threads] = process.argv.slice(2, 4).map(Number) as [number, number];
const { scope, vision, audio, feeds } = encoders(batch, { training: false });
const lower = lowerings[process.argv[4] as LoweringName];
const weights = initialize(scope.parameters, 0);
const lowered = lower({ outputs: { vision, audio } }, { weights, channelBlock: await channelBlock() });
const session = await Session.create(lowered, { threads });
await serve(async () => {
  const results = await session.run(feeds);
  return ['vision', 'audio'].flatMap((name) => [...results[name]!.data.subarray(0, 512)]);
});
await session.release();
