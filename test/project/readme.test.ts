import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

it("the README's example runs as it stands and learns", async () => {
  const readme = await readFile(`${root}/README.md`, 'utf8');
  const [, code] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
  expect(code).toContain('TrainingStep.create');
  // Inside the package, so that `earshot/...` is this checkout.
  const folder = await mkdtemp(`${root}/dist/readme-`);
  try {
    await writeFile(`${folder}/example.mjs`, code!);
    const { stdout } = await promisify(execFile)(process.execPath, [`${folder}/example.mjs`]);
    const losses = stdout
      .trim()
      .split('\n')
      .map((line) => Number(line.split(' ')[1]));
    expect(losses).toHaveLength(20);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);
