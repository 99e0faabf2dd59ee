/** Which folder of src may import which: imports only ever point from reports and training towards tensor.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** What everyone may import. */
const leaves = ['tensor', 'random', 'wholeFile', 'makeFolder', 'fileHash', 'lock', 'machine'];
const anything = '*';

/** Folder of src, or file directly in it -> what it may import besides itself and the leaves. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  tensor: [],
  random: [],
  wholeFile: [],
  makeFolder: [],
  fileHash: [],
  lock: [],
  machine: [],
  media: [],
  graph: [],
  runtime: ['graph'],
  features: ['graph', 'media'],
  nn: ['graph'],
  models: ['graph', 'nn'],
  losses: ['graph', 'nn'],
  methods: ['graph', 'nn', 'models', 'losses', 'features'],
  datasets: ['media', 'features'],
  world: ['media', 'features'],
  localization: ['graph', 'nn', 'methods', 'runtime', 'datasets', 'features', 'media', 'metrics'],
  metrics: [],
  training: ['graph', 'nn', 'runtime', 'features', 'datasets', 'methods', 'localization'],
  evaluation: ['media', 'features', 'runtime', 'datasets', 'metrics', 'localization'],
  weights: ['graph', 'features', 'datasets', 'methods', 'localization', 'evaluation'],
  retrieval: ['graph', 'runtime', 'metrics'],
  report: ['evaluation', 'localization', 'metrics', 'datasets', 'media', 'features'],
  ablation: ['training', 'evaluation', 'localization', 'retrieval', 'report', 'metrics', 'datasets'],
  cli: [anything],
};

/** `graph/lower/fold.ts` -> `graph`, `tensor.ts` -> `tensor`. */
const partOf = (path: string) => path.split('/')[0]!.replace(/\.[jt]s$/, '');

/** Every import of `source` that the table does not allow; `path` is relative to src, with forward slashes. */
function violations(path: string, source: string): string[] {
  const from = partOf(path);
  const allowed = mayImport[from];
  if (!allowed) return [`${path}: '${from}' has no line in the table of this test`];
  if (allowed.includes(anything)) return [];
  return ts
    .preProcessFile(source)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => posix.join(posix.dirname(path), fileName))
    .filter((target) => ![from, ...leaves, ...allowed].includes(partOf(target)))
    .map((target) => `${path} imports ${target}; '${from}' may import [${[...leaves, ...allowed].join(', ')}]`);
}

const root = fileURLToPath(new URL('../../src/', import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => path.split(sep).join('/'));

describe('the import table', () => {
  it('is kept by every file of src', () => {
    expect(files).toContain('graph/ir.ts');
    expect(files.flatMap((path) => violations(path, readFileSync(join(root, path), 'utf8')))).toEqual([]);
  });

  it.each([
    ['graph/lower/rows/index.ts', `import { Session } from '../../../runtime/session.js';`],
    ['graph/index.ts', `export * from '../nn/index.js';`],
    ['graph/index.ts', `export const later = () => import('../training/index.js');`],
    ['nn/conv.ts', `import type { Encoder } from '../models/encoder.js';`],
    ['tensor.ts', `import { make } from './graph/ir.js';`],
    ['losses/infoNce.ts', `import {\n  resnet18,\n} from "../models/resnet.js";`],
  ])('is broken by %s with %s', (path, source) => {
    expect(violations(path, source)).toHaveLength(1);
  });

  it('must name every folder', () => {
    expect(violations('helpers/misc.ts', '')).toEqual([`helpers/misc.ts: 'helpers' has no line in the table of this test`]);
  });

  it.each([
    ['runtime/session.ts', `import type { Lowered } from '../graph/lower/lowered.js';\nimport { tensor } from '../tensor.js';`],
    ['graph/ir.ts', `// import '../training/index.js'\nconst text = "from '../nn/index.js'";`],
    ['cli/train.ts', `import { train } from '../training/index.js';`],
  ])('is kept by %s with %s', (path, source) => {
    expect(violations(path, source)).toEqual([]);
  });
});
