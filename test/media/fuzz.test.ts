/**
 * Damaged and hostile files of every format go through the readers, in a process of their own. That content was changed is detected
 * in PNG, FLAC and Ogg files, which have checksums, and in all that are cut off; other files may be read as what they became. For a campaign with other files:
 * EARSHOT_FUZZ_SEED=7 EARSHOT_FUZZ_ROUNDS=20 npx vitest run test/media/fuzz.test.ts
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../src/random.js';
import { hostile } from './fuzz/hostile.js';
import { faultOf, judge } from './fuzz/judge.js';
import { type MutationName, mutations, pick } from './fuzz/mutations.js';
import { makeSeeds, type Seed } from './fuzz/seeds.js';
import { type Answer, type Death, type Facts, type Kind, Watched } from './fuzz/watch.js';

const { EARSHOT_FUZZ_SEED = '1', EARSHOT_FUZZ_ROUNDS = '2' } = process.env;
const rounds = Number(EARSHOT_FUZZ_ROUNDS);
const timeout = 300_000 * rounds;

let folder: string;
let seeds: Seed[];
const wholes = new Map<Seed, Facts>();
const watched = new Watched();
let found = 0;

async function read(name: string, kind: Kind, bytes: Uint8Array): Promise<Answer | Death> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  const answer = await watched.read({ path, kind });
  await rm(path);
  return answer;
}

/** Leaves a file that was read wrongly for whoever looks for the reason. */
async function keep(name: string, bytes: Uint8Array, fault: string): Promise<string> {
  const path = join(folder, `fault ${++found} ${name}`);
  await writeFile(path, bytes);
  return `${path}: ${fault}`;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'earshot-fuzz-'));
  seeds = await makeSeeds();
  for (const seed of seeds) {
    const answer = await read(seed.name, seed.kind, seed.bytes);
    if (faultOf(answer) || !('outcome' in answer && 'value' in answer.outcome))
      throw new Error(`${seed.name}: ${JSON.stringify(answer)}`);
    wholes.set(seed, answer.outcome.value);
  }
});
afterAll(async () => {
  watched.close();
  if (found === 0) await rm(folder, { recursive: true });
});

/** What must hold beyond sanity: of a file cut off, or one with checksums, nothing may be taken for what it is not. */
const mustNotChange = (mutation: MutationName, seed: Seed) =>
  mutation === 'truncated' || (seed.checked === true && mutation !== 'checked header');

test.each(Object.keys(mutations) as MutationName[])('%s', { timeout }, async (mutation) => {
  const faults: string[] = [];
  let refused = 0;
  for (let round = 0; round < rounds; round++)
    for (const seed of seeds) {
      const random = new Random(Number(EARSHOT_FUZZ_SEED), mutation, seed.name, round);
      const bytes = mutations[mutation](seed.bytes, random, pick(random, seeds).bytes);
      const answer = await read(`damaged${extname(seed.name)}`, seed.kind, bytes);
      const verdict = judge(answer, wholes.get(seed)!);
      if (verdict === 'refused') refused++;
      if (typeof verdict === 'object') faults.push(await keep(seed.name, bytes, verdict.fault));
      else if (verdict === 'changed' && mustNotChange(mutation, seed))
        faults.push(await keep(seed.name, bytes, `read as something else: ${JSON.stringify(answer)}`));
    }
  expect(faults).toEqual([]);
  expect(refused).toBeGreaterThan(rounds * 10);
});

test('a process that crashes is reported, and replaced for the next file', async () => {
  expect(await watched.read({ path: '', kind: 'crash' })).toEqual({ death: 'crashed (SIGKILL)' });
  const { name, kind, bytes } = seeds[0]!;
  expect(judge(await read(name, kind, bytes), wholes.get(seeds[0]!)!)).toBe('same');
});

test('a whole file under the name of another is read as what it is, and by no other reader', async () => {
  const random = new Random(Number(EARSHOT_FUZZ_SEED), 'names');
  for (const seed of seeds) {
    const other = `other${extname(pick(random, seeds).name)}`;
    expect(judge(await read(other, seed.kind, seed.bytes), wholes.get(seed)!), `${seed.name} as ${other}`).toBe('same');
    for (const kind of ['picture', 'sound', 'video'] as const) {
      // The sound of a video is a sound.
      if (kind === seed.kind || (kind === 'sound' && 'frames' in wholes.get(seed)!)) continue;
      const answer = await read(seed.name, kind, seed.bytes);
      expect(answer, `${seed.name} as a ${kind}`).toMatchObject({ outcome: { problem: /^(unsupported|noPicture)$/ } });
    }
  }
});

describe('hostile files', () => {
  test('are refused, and what they name is left alone', { timeout }, async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests++;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const other = join(folder, 'other.flac');
    await writeFile(other, seeds.find(({ name }) => name === 'sound.flac')!.bytes);
    const files = hostile(seeds, other, `http://127.0.0.1:${(server.address() as AddressInfo).port}/sound.flac`);
    try {
      const faults: string[] = [];
      for (const { name, kind, bytes, expected, seed } of files) {
        const answer = await read(name, kind, bytes);
        const verdict = seed ? judge(answer, wholes.get(seed)!) : undefined;
        const said = 'outcome' in answer && 'problem' in answer.outcome ? answer.outcome.problem : verdict;
        // Of a video it may be a part that is refused.
        const right = said === 'refused' ? expected.includes('same') : expected.some((one) => one === said);
        const fault = faultOf(answer) ?? (right ? undefined : `expected ${expected}, got ${JSON.stringify(answer)}`);
        if (fault) faults.push(await keep(`${kind} ${name}`, bytes, fault));
      }
      expect(faults).toEqual([]);
    } finally {
      server.close();
      await rm(other);
    }
    expect(requests).toBe(0);
  });
});
