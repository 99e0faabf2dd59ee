/** Runs the command line as users do: the built program in a process of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../dist/cli/index.js', import.meta.url));

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A running program and, once it has ended, what it left. */
export interface Running {
  process: ChildProcess;
  ended: Promise<Ended>;
}

export interface StartOptions {
  env?: NodeJS.ProcessEnv;
  /** A command that runs it. */
  prefix?: readonly string[];
  /** Gives it a process group of its own. */
  detached?: boolean;
  cwd?: string;
}

export function start(args: readonly string[], { env = {}, prefix = [], detached = false, cwd }: StartOptions = {}): Running {
  const [command, ...rest] = [...prefix, process.execPath, program, ...args];
  const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached, cwd, env: { ...process.env, ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout!.on('data', (text) => (stdout += text));
  child.stderr!.on('data', (text) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { process: child, ended };
}

export const earshot = (args: readonly string[], options?: StartOptions): Promise<Ended> => start(args, options).ended;

/** Lines in the journal of an output folder: one and the clips that are done. */
export function journalLines(out: string): number {
  const path = join(out, 'prepare.journal');
  return statSync(path, { throwIfNoEntry: false }) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

/** Returns when so many clips are done, or the program has ended. */
export async function untilDone(clips: number, out: string, { process }: Running): Promise<void> {
  while (journalLines(out) <= clips && process.exitCode === null && process.signalCode === null) await sleep(2);
}

/** Processes that were started by another. */
export const childrenOf = (pid: number): number[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child!);

/** Returns when a process has ended; never, when it does not. */
export async function untilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(10);
  }
}
