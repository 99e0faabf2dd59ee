/** `earshot report`. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Run, readRun } from '../evaluation/run.js';
import { reportPage } from '../report/page.js';
import { readTrainingCurve } from '../report/trainingCurve.js';
import { writeWhole } from '../wholeFile.js';

interface Options {
  out?: string;
  title?: string;
  training?: string;
}

const notes = `
RUN is a folder that "earshot evaluate --out" made; several are of one benchmark and one protocol, and the samples that are shown are the
first one's. With two the page says where they differ most and whether the difference is luck. Pictures and sounds are in the page
itself where the evaluation was given --data.

Exit codes: 0 done, 1 failure, 2 wrong usage, 130 after Ctrl-C.`;

export function addReport(program: Command, signal: AbortSignal): void {
  program
    .command('report')
    .description('make one self-contained HTML page of evaluations')
    .argument('<run...>', 'folders of evaluations')
    .option('-o, --out <file>', 'the page; report.html in the first folder when not given')
    .option('--training <folder>', 'the run of "earshot train" that made the first model: the page shows how it learned')
    .option('--title <text>', 'its title; models and benchmark when not given')
    .addHelpText('after', notes)
    .action((folders: string[], options: Options) => report(folders as [string, ...string[]], options, signal));
}

async function report(folders: [string, ...string[]], { out, title, training }: Options, signal: AbortSignal): Promise<void> {
  const runs = (await Promise.all(folders.map(readRun))) as [Run, ...Run[]];
  const { html, problems } = await reportPage(runs, {
    title,
    training: training === undefined ? undefined : await readTrainingCurve(training),
    signal,
  });
  const path = out ?? join(folders[0], 'report.html');
  await writeWhole(path, html);
  for (const { file, reason } of problems) console.error(`${file}: ${reason}`);
  console.log(`${path} (${(html.length / 1e6).toFixed(1)} MB)`);
}
