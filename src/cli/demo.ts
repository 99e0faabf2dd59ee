/** `earshot demo`: the whole way, from nothing to a page of results, in some minutes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { readRun } from '../evaluation/run.js';
import { reportPage } from '../report/page.js';
import { readTrainingCurve } from '../report/trainingCurve.js';
import { runFiles } from '../training/runFolder.js';
import { writeWhole } from '../wholeFile.js';
import { writeWorld } from '../world/index.js';
import { demoConfig, demoPairs, demoProtocol } from './demoSettings.js';
import { evaluate } from './evaluateContestants.js';
import { Progress } from './progress.js';
import { runTraining } from './runTraining.js';

interface Options {
  out: string;
}

const config = { ...demoConfig, settings: { multiView: false, semantic: 'none' } };

export function addDemo(program: Command, signal: AbortSignal): void {
  program
    .command('demo')
    .description('make a world, learn in it, and show what was learned as a page')
    .option('-o, --out <folder>', 'where it all goes', 'demo')
    .action((options: Options) => demo(options, signal));
}

async function demo({ out }: Options, signal: AbortSignal): Promise<void> {
  const [world, run, scores] = [join(out, 'world'), join(out, 'run'), join(out, 'scores')];
  const say = (line: string) => console.error(`\n${line}`);

  say(`1. A world of things that make sounds, and of things that do not: ${world}`);
  const progress = new Progress('pictures');
  await writeWorld(world, { train: demoPairs }, { signal, onProgress: (done, total) => progress.update(done, total) }).finally(
    () => progress.stop(),
  );

  say(`2. Learning from ${demoPairs} pictures and sounds, without being told what is where: ${run}`);
  const training = {
    out: run,
    resume: existsSync(join(run, runFiles.config)),
    method: 'sslalign',
    preset: 'laptop',
    checkpointSeconds: 30,
    validate: join(world, 'validation.json'),
    validateBenchmark: 'world',
    validateProtocol: demoProtocol,
  } as const;
  await runTraining(join(world, 'train.csv'), training, { file: {}, given: config, goOn: 'the same command' }, signal);

  say('3. Pictures and sounds that it has not met: three things in each picture, which of them is it?');
  const models = { sslalign: runFiles.best, untrained: runFiles.first };
  const contestants = Object.entries(models).map(([name, file]) => ({ kind: 'model' as const, name, path: join(run, file) }));
  const annotations = join(world, 'test_interactive.json');
  const about = {
    benchmark: 'world',
    protocol: demoProtocol,
    annotations,
    data: world,
    embeddings: [],
    batch: 32,
    alpha: 0.4,
    published: false,
    out: scores,
  } as const;
  await evaluate({ ...about, contestants }, signal);

  const runs = [await readRun(join(scores, 'sslalign')), await readRun(join(scores, 'untrained'))] as const;
  const { html } = await reportPage(runs, {
    title: 'earshot: what three minutes of listening teach',
    training: await readTrainingCurve(run),
    signal,
  });
  const page = join(out, 'report.html');
  await writeWhole(page, html);
  console.log(`\nopen it in a browser: ${pathToFileURL(page).href}`);
}
