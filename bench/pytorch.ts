/** The peer: an interpreter that has PyTorch, and the scripts of `peers/` in it. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Contestant } from './turns.js';

// This file runs from dist-bench/bench; the scripts are not compiled and stay where they are.
const peers = new URL('../../bench/peers/', import.meta.url);

/** Where an interpreter is looked for: Debian's packages belong to /usr/bin/python3, which may not be first on the PATH. */
const interpreters = (): string[] =>
  process.env.EARSHOT_PYTHON ? [process.env.EARSHOT_PYTHON] : ['/usr/bin/python3', 'python3'];

/** Starts scripts of `peers/`; undefined, after one line to `progress`, when no interpreter has PyTorch. */
export function findPyTorch(
  progress: (line: string) => void,
): ((script: string, ...args: (string | number)[]) => Contestant) | undefined {
  const candidates = interpreters();
  const command = candidates.find(
    (c) => spawnSync(c, ['-c', 'import torch, torchvision, soundfile'], { stdio: 'ignore' }).status === 0,
  );
  if (command === undefined) {
    const tried = candidates.join(' and ');
    progress(
      `PyTorch not found: ${tried} cannot import torch, torchvision and soundfile (EARSHOT_PYTHON names another); peer skipped`,
    );
    return undefined;
  }
  // -B: no compiled copies beside the scripts.
  return (script, ...args) => ({
    label: 'PyTorch',
    command,
    args: ['-B', fileURLToPath(new URL(script, peers)), ...args.map(String)],
  });
}
