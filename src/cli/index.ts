#!/usr/bin/env node
/** The command line: parsing only. Every command is a file; what it does is somewhere else. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addAblate } from './ablate.js';
import { addCalibrate } from './calibrate.js';
import { addDemo } from './demo.js';
import { addEvaluate } from './evaluate.js';
import { exitCode, Interrupted, listenForInterrupts, UsageError } from './exit.js';
import { addExport } from './export.js';
import { addImport } from './import.js';
import { addLeaks } from './leaks.js';
import { addLocalize } from './localize.js';
import { addPrepare } from './prepare.js';
import { addProtocols } from './protocols.js';
import { addReport } from './report.js';
import { addSynth } from './synth.js';
import { addTrain } from './train.js';

const { version, description } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const program = new Command('earshot')
  .description(description)
  .version(version)
  .helpCommand(false)
  .showHelpAfterError(false)
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'earshot: ')) })
  .exitOverride();
const interrupted = listenForInterrupts();
// Whoever reads the output may have seen enough, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : exitCode.failure));
addSynth(program, interrupted);
addPrepare(program, interrupted);
addTrain(program, interrupted);
addAblate(program, version, interrupted);
addImport(program, interrupted);
addCalibrate(program, interrupted);
addLocalize(program, interrupted);
addExport(program, interrupted);
addEvaluate(program, interrupted);
addReport(program, interrupted);
addDemo(program, interrupted);
addProtocols(program);
addLeaks(program, interrupted);

try {
  await program.parseAsync();
} catch (error) {
  // Commander has said what is wrong already; help and version are no errors.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCode.usage;
  else {
    const { message, stack } = error as Error;
    console.error(process.env.EARSHOT_DEBUG ? stack : `earshot: ${message}`);
    if (error instanceof UsageError) process.exitCode = exitCode.usage;
    else process.exitCode = interrupted.reason instanceof Interrupted ? interrupted.reason.exitCode : exitCode.failure;
  }
}
