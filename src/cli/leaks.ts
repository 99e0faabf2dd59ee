/** `earshot leaks`. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type BenchmarkName, benchmarkNames } from '../datasets/benchmarks/index.js';
import { writeIdsWithout } from '../datasets/idList.js';
import { findLeaks, isIdList, type Leaks, leakedIds } from '../datasets/leaks.js';
import { exitCode } from './exit.js';
import { Progress } from './progress.js';

interface Options {
  benchmark?: BenchmarkName;
  extended?: string;
  trainData?: string;
  data?: string;
  write?: string;
  json?: boolean;
  strict?: boolean;
}

/** Ids shown of each kind. */
const shown = 5;

const notes = `
TRAIN is a list of ids (.txt, or .csv with the ids in its first column), or what "earshot prepare" takes and makes. BENCHMARK is a list of
ids too, or the annotations of a benchmark. The two forms of VGGSound's names (ytid_SSSSSS, ytid_startms_endms) are the same clip. Another
clip of the same video is said separately; it counts as leaked when the two overlap in time.

With --train-data and --data the files of both are compared as well, byte for byte: that finds clips under another name, but none that were
encoded anew.

Exit codes: 0 done, leaks or not; 1 failure (with --strict also when there are leaks), 2 wrong usage, 130 after Ctrl-C.`;

export function addLeaks(program: Command, signal: AbortSignal): void {
  program
    .command('leaks')
    .description('find the test clips of a benchmark that a training list contains')
    .argument('<train>', 'the training list')
    .argument('<benchmark>', 'annotations of a benchmark, or a list of its ids')
    .optionsGroup('Benchmark:')
    .addOption(new Option('--benchmark <name>', 'what the annotations are of (vggss.json is known)').choices(benchmarkNames))
    .option('--extended <csv>', 'the samples without a source of an extended set')
    .optionsGroup('Files:')
    .option('--train-data <folder>', 'where the training files lie')
    .option('--data <folder>', "where the benchmark's files lie")
    .optionsGroup('Output:')
    .option('--write <file>', 'write the training list without the leaked ids')
    .option('--json', 'print all of it as JSON')
    .option('--strict', 'exit with code 1 when there are leaks')
    .addHelpText('after', notes)
    .action((train: string, benchmark: string, options: Options, command: Command) => {
      if ((options.trainData === undefined) !== (options.data === undefined))
        command.error('error: --train-data and --data are given together');
      if (
        options.benchmark?.endsWith('-extended') !== (options.extended !== undefined) &&
        (options.benchmark ?? options.extended)
      )
        command.error('error: --extended is given with the extended benchmarks, and only with these');
      if (options.write !== undefined && resolve(options.write) === resolve(train))
        command.error('error: --write names the training list itself: expected another file');
      return run(train, benchmark, options, signal);
    });
}

async function run(train: string, test: string, options: Options, signal: AbortSignal): Promise<void> {
  const { benchmark, extended, trainData, data, write, json, strict } = options;
  if (write !== undefined && !(await isIdList(train)))
    throw new Error(`--write: expected a training list of ids (.txt, .csv without a header), got ${train}`);
  const progress = new Progress('files');
  const leaks = await findLeaks(train, test, {
    benchmark,
    extended,
    folders: trainData === undefined || data === undefined ? undefined : { train: trainData, test: data },
    signal,
    onProgress: (done, total) => progress.update(done, total),
  }).finally(() => progress.stop());
  const leaked = leakedIds(leaks);
  const kept = write === undefined ? undefined : await writeIdsWithout(train, leaked, write);
  if (json) console.log(JSON.stringify({ ...leaks, leakedIds: [...leaked] }, undefined, 1));
  else console.log(summaryOf(leaks).join('\n'));
  if (kept !== undefined && !json) console.log(`${kept.written} of ${kept.ids} ids are in ${write}`);
  if (strict && leaked.size > 0) process.exitCode = exitCode.failure;
}

function summaryOf({ train, test, vggSound, byId, sameVideo, byContent, withoutFiles }: Leaks): string[] {
  const lines = [`${byId.length} of ${test} test samples are among the ${train} training clips by their ids${examples(byId)}`];
  const known = new Set(byId.map(({ test }) => test));
  const others = sameVideo.filter(({ test }) => !known.has(test));
  const [overlapping, unsaid] = [others.filter(({ overlap }) => overlap), others.filter(({ overlap }) => overlap === null)];
  if (others.length > 0)
    lines.push(
      `${clipsIn(others)} more come from videos of training clips: ${clipsIn(overlapping)} overlap in time, ${clipsIn(unsaid)} do not say when they are${examples(others)}`,
    );
  if (byContent !== undefined)
    lines.push(`${clipsIn(byContent)} have a picture or sound with the same bytes there${examples(byContent)}`);
  if (withoutFiles !== undefined && withoutFiles.train + withoutFiles.test > 0)
    lines.push(`no files to compare were found of ${withoutFiles.test} test samples and ${withoutFiles.train} training clips`);
  if (vggSound.test && !vggSound.train)
    lines.push('the benchmark has names of VGGSound, the training list has none: compare files to be sure');
  return lines;
}

const clipsIn = (leaks: readonly { test: string }[]) => new Set(leaks.map(({ test }) => test)).size;

/** `: a, b and 3 more`; nothing of none. */
function examples(leaks: readonly { test: string }[]): string {
  const ids = [...new Set(leaks.map(({ test }) => test))];
  if (ids.length === 0) return '';
  return `: ${ids.slice(0, shown).join(', ')}${ids.length > shown ? ` and ${ids.length - shown} more (--json has all)` : ''}`;
}
