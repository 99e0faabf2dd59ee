/** `earshot prepare`. */
import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { prepare } from '../datasets/prepare/index.js';
import type { PrepareReport } from '../datasets/prepare/report.js';
import { defaultSettings, inWords, type LeftOutBecause, type PrepareSettings } from '../datasets/prepare/settings.js';
import { exitCode } from './exit.js';
import { count, duration, seconds } from './numbers.js';
import { Progress } from './progress.js';

interface Options extends PrepareSettings {
  out: string;
  jobs: number;
  restart?: boolean;
  strict?: boolean;
}

const notes = `
INPUT is a folder of videos, a folder with frames/ and audio/, a list (.csv, .json, .txt), or shards; several are taken one after the
other. In the folder of --out come shard-000000.tar and so on (KEY.jpg, KEY.wav, KEY.json for each clip, in the order of the input) and
report.json. Sound becomes 16 kHz, mono, 16 bits; JPEGs within --size are copied as they are.

The frame of a video is the annotated one (4.96 s) for VGGSound's names, else the list's, else the one in the middle; the sound is the
part around it. Left out and reported are clips without sound or picture, too short (--min-seconds), silent (below -60 dB RMS), with a
still picture (no part of it changes by more than 3 of 255 levels), undecodable, and duplicates (same frames and sound as an earlier one).

The same command goes on after any interruption, and has nothing to do after the end. Exit codes: 0 done, 1 failure (with --strict also
when clips were left out), 2 wrong usage, 130 after Ctrl-C.`;

export function addPrepare(program: Command, signal: AbortSignal): void {
  const { shardSize, size, seconds: kept, minSeconds } = defaultSettings;
  program
    .command('prepare')
    .description('make training shards (WebDataset) from videos, or from pictures and sounds')
    .argument('<input...>', 'where the clips are')
    .optionsGroup('Output:')
    .requiredOption('-o, --out <folder>', 'where the shards go: a new or empty folder, or one to go on with')
    .option('--shard-size <count>', 'samples in a shard', count, shardSize)
    .option('--restart', 'delete what an earlier prepare made in the folder')
    .optionsGroup('Samples:')
    .option('--size <pixels>', 'short side to which larger pictures are shrunk', count, size)
    .addOption(new Option('--frames <count>', 'frames of a video, evenly over its sound').argParser(count).conflicts('at'))
    .option('--at <seconds>', 'one frame, at this time', seconds)
    .option('--seconds <seconds>', 'sound to keep at most', duration, kept)
    .option('--min-seconds <seconds>', 'leave out clips with less sound', seconds, minSeconds)
    .optionsGroup('Running:')
    .option('-j, --jobs <count>', 'decoding processes', count, availableParallelism())
    .option('--strict', 'exit with code 1 when any clip was left out')
    .addHelpText('after', notes)
    .action((inputs: string[], options: Options, command: Command) => {
      // Only what is kept is looked at, so every clip would be too short.
      if (options.minSeconds > options.seconds)
        command.error(`error: --min-seconds ${options.minSeconds} is more than the --seconds ${options.seconds} that are kept`);
      return run(inputs, options, signal);
    });
}

async function run(inputs: string[], { out, jobs, restart, strict, ...settings }: Options, signal: AbortSignal): Promise<void> {
  const progress = new Progress('clips');
  const onProgress = (done: number, clips: number, leftOut: number) =>
    progress.update(done, clips, leftOut > 0 ? `${leftOut} left out` : '');
  const work = { jobs, restart, signal, onProgress, onNotice: (line: string) => progress.notice(line) };
  const { report, wasDone } = await prepare(inputs, out, settings, work).finally(() => progress.stop());
  console.log(summaryOf(report, out, wasDone));
  if (report.samples === 0 || (strict && report.problems.length > 0)) process.exitCode = exitCode.failure;
}

/** What is in the folder now, and what is not. */
export function summaryOf(report: PrepareReport, out: string, wasDone: boolean): string {
  const { clips, samples, shards, leftOut, problems } = report;
  const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
  const made = `${samples} of ${clips} clips are in ${shards.length} ${shards.length === 1 ? 'shard' : 'shards'} in ${out} (${megabytes(bytes)})`;
  const lines = [wasDone ? `nothing to do: ${made}` : made];
  if (problems.length > 0) {
    const counts = Object.entries(leftOut).map(([problem, n]) => `${n} ${inWords[problem as LeftOutBecause]}`);
    lines.push(`${problems.length} left out: ${counts.join(', ')}; each with its reason in report.json`);
  }
  return lines.join('\n');
}

const megabytes = (bytes: number) => (bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`);
