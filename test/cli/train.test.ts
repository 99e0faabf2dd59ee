/** `earshot train` as users run it. */
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addConfigOptions, configOptions, givenConfig, merged } from '../../src/cli/trainOptions.js';
import { loadModel } from '../../src/localization/model.js';
import { Random } from '../../src/random.js';
import { saveSafetensors } from '../../src/runtime/index.js';
import { float32 } from '../../src/tensor.js';
import { loadCheckpoint } from '../../src/training/checkpoint.js';
import { checkConfig, presetConfig } from '../../src/training/config.js';
import { writeWorld } from '../../src/world/index.js';
import { type Ended, earshot, type Running, start } from './earshot.js';

let folder: string;
let world: string;
let list: string;
let runs = 0;
const fresh = () => join(folder, `run${runs++}`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'train-'));
  world = join(folder, 'world');
  list = join(world, 'train.csv');
  await writeWorld(world, { train: 24, validation: 2, test: 1, size: 48 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const tiny = ['--size', '32', '--seconds', '0.5', '--widths', '4,8', '--blocks', '1,1', '--dimensions', '8'];
const short = ['--batch', '8', '--epochs', '2', '-k', '3', '--after', '1', '--threads', '1'];
const train = (out: string, ...more: string[]) => ['train', list, '--out', out, ...tiny, ...short, ...more];
const validate = () => ['--validate', join(world, 'validation.json')];

const configOf = (out: string) => JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).config;
const metricsOf = (out: string): Record<string, unknown>[] =>
  readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
const linesOf = (out: string) => {
  const path = join(out, 'metrics.jsonl');
  return statSync(path, { throwIfNoEntry: false }) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
};
/** Returns when so many records are written, or the program has ended. */
async function untilWritten(lines: number, out: string, { process }: Running): Promise<void> {
  while (linesOf(out) < lines && process.exitCode === null && process.signalCode === null) await sleep(2);
}

/** Every file below a folder by its path. */
const contents = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(path, name)).isFile())
      .sort()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(path, name)))
          .digest('hex'),
      ]),
  );

/** Both runs ended with the same weights, the same state of the optimizer, the same model and the same metrics but for times. */
async function expectSame(out: string, expected: string): Promise<void> {
  const last = async (path: string) => {
    const { metadata, ...checkpoint } = await loadCheckpoint(join(path, 'last.safetensors'));
    return { ...checkpoint, progress: JSON.parse(metadata.progress!) };
  };
  expect(await last(out)).toEqual(await last(expected));
  const untimed = (path: string) => metricsOf(path).map(({ rate, seconds, ...record }) => record);
  expect(untimed(out)).toEqual(untimed(expected));
  const [{ 'metrics.jsonl': _, 'last.safetensors': __, ...a }, { 'metrics.jsonl': ___, 'last.safetensors': ____, ...b }] = [
    contents(out),
    contents(expected),
  ];
  expect(a).toEqual(b);
}

/** One line that says what is wrong, nothing else. */
function expectLine({ code, stdout, stderr }: Ended, expected: number, message: RegExp | string): void {
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^earshot: .*\n$/);
  expect([code, stdout]).toEqual([expected, '']);
}

describe('help', () => {
  it('has every option in its group', async () => {
    const { code, stdout, stderr } = await earshot(['train', '--help']);
    expect([code, stderr]).toEqual([0, '']);
    const groups = Object.keys(configOptions);
    expect(groups).toEqual(['Input:', 'Network:', 'Loss:', 'Augmentation:', 'Semantic positives:', 'Optimization:']);
    const headings = stdout.split('\n').filter((line) => /^\S.*:$/.test(line));
    expect(headings).toEqual(expect.arrayContaining(['Run:', 'Validation:', ...groups]));
    for (const group of groups) {
      const from = stdout.indexOf(`\n${group}\n`);
      const text = stdout.slice(from, stdout.indexOf('\n\n', from + 1));
      for (const { flags } of configOptions[group]!) expect(text).toContain(`  ${flags} `);
    }
    expect(stdout).toContain('--resume');
    expect(stdout).toContain('130 after Ctrl-C');
    // Values of the presets, and none of a switch.
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      '--batch <pairs> pairs that are compared with each other (paper: 128, laptop: 64)',
    );
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('--no-multi-view without augmented positives --semantic');
  });
});

describe('options', () => {
  /** A value that is not the preset's, and what becomes of it. */
  const samples: Readonly<Record<string, readonly [args: readonly string[], value: unknown]>> = {
    'picture.preset': [['--picture', 'ezvsl'], 'ezvsl'],
    'picture.size': [['--size', '48'], 48],
    'sound.preset': [['--sound', 'sslalign'], 'sslalign'],
    'sound.seconds': [['--seconds', '1.5'], 1.5],
    'settings.widths': [
      ['--widths', '4,8,16'],
      [4, 8, 16],
    ],
    'settings.blocks': [
      ['--blocks', '2,1,3'],
      [2, 1, 3],
    ],
    'settings.dimensions': [['--dimensions', '9'], 9],
    batchNorm: [['--freeze-batch-norm'], 'frozen'],
    'settings.tau': [['--tau', '0.5'], 0.5],
    'settings.multiView': [['--no-multi-view'], false],
    'settings.semantic': [['--semantic', 'sound'], 'sound'],
    'settings.alignment': [['--no-alignment'], false],
    'settings.intra': [['--intra', '0.25'], 0.25],
    'settings.pool': [['--pool', 'max'], 'max'],
    'settings.directions': [['--directions', '1'], 1],
    'augmentation.crop.enlarge': [['--enlarge', '1.5'], 1.5],
    'augmentation.flip': [['--flip', '0.25'], 0.25],
    'augmentation.minArea': [['--min-area', '0.77'], 0.77],
    'augmentation.colour': [['--colour', '0.33'], 0.33],
    'augmentation.blur': [['--blur', '0.125'], 0.125],
    'augmentation.shift': [['--shift', '2.5'], 2.5],
    'neighbours.k': [['-k', '7'], 7],
    'neighbours.sampling': [['--sampling', 'first'], 'first'],
    'neighbours.after': [['--after', '0'], 0],
    'neighbours.every': [['--every', '9'], 9],
    'neighbours.pictureEncoder.path': [['--picture-encoder', 'a.onnx'], 'a.onnx'],
    'neighbours.pictureEncoder.preset': [['--picture-encoder-preset', 'ezvsl'], 'ezvsl'],
    'neighbours.soundEncoder.path': [['--sound-encoder', 'b.onnx'], 'b.onnx'],
    'neighbours.soundEncoder.preset': [['--sound-encoder-preset', 'laptop'], 'laptop'],
    batch: [['--batch', '36'], 36],
    microBatch: [['--micro-batch', '4'], 4],
    epochs: [['--epochs', '77'], 77],
    'optimizer.learningRate': [['--learning-rate', '3e-5'], 3e-5],
    'optimizer.weightDecay': [['--weight-decay', '0.02'], 0.02],
    'optimizer.clipNorm': [['--clip', '3'], 3],
    'optimizer.schedule': [['--schedule', 'constant'], 'constant'],
    'optimizer.warmup': [['--warmup', '0.75'], 0.75],
    seed: [['--seed', '-3'], -3],
  };
  const given = (args: readonly string[]) => {
    const command = new Command('train').exitOverride();
    addConfigOptions(command, { weights: true });
    command.parse(args, { from: 'user' });
    return givenConfig(command);
  };
  const at = (config: unknown, path: string) =>
    path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], config);
  const preset = presetConfig('sslalign', 'laptop');

  it('are all values of the configuration', () => {
    const all = Object.values(configOptions).flat();
    expect(Object.keys(samples).sort()).toEqual(all.map(({ path }) => path).sort());
    // Together they make a valid configuration in which each has come to its place.
    const config = checkConfig(merged(preset, given(Object.values(samples).flatMap(([args]) => args))));
    for (const [path, [, value]] of Object.entries(samples)) {
      expect(at(config, path), path).toEqual(value);
      expect(at(preset, path), path).not.toEqual(value);
    }
  });

  it.each(Object.entries(samples))('%s alone changes nothing else', (path, [args, value]) => {
    const nested = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    expect(given(args)).toEqual(nested);
    expect(given([])).toEqual({});
  });
});

describe('a run', () => {
  it('from the command to the model', async () => {
    const out = fresh();
    const { code, stdout, stderr } = await earshot(train(out, ...validate()));
    expect([code, stdout]).toEqual([0, `the model is ${join(out, 'best.safetensors')}\n`]);
    // No map gets a cIoU above 0 on objects as small as these.
    expect(stderr).toMatch(/^epoch 1: cIoUAdap [\d.]+, IIoUAdap [\d.]+, pointing [\d.]+ \(best\)$/m);
    expect(stderr).toMatch(/^epoch 2: cIoUAdap /m);
    expect(stderr).toMatch(/^epoch 2: found similar pictures in /m);
    expect(stderr).toMatch(/^48\/48 pairs, .*epoch 2, loss [\d.]+ \(localization [\d.]+, alignment [\d.]+\)$/m);
    expect(readdirSync(out).sort()).toEqual(
      ['best.safetensors', 'config.json', 'first.safetensors', 'last.safetensors', 'metrics.jsonl', 'neighbours'].sort(),
    );
    expect(metricsOf(out).map(({ kind, update }) => `${kind} ${update}`)).toEqual(
      [
        ['step 1', 'step 2', 'step 3', 'validation 3', 'search 3', 'search 3'],
        ['step 4', 'step 5', 'step 6', 'validation 6'],
      ].flat(),
    );
    const config = configOf(out);
    expect(config).toMatchObject({
      method: 'sslalign',
      picture: { preset: 'laptop', size: 32 },
      sound: { preset: 'laptop', seconds: 0.5 },
      settings: { widths: [4, 8], blocks: [1, 1], dimensions: 8 },
      neighbours: { k: 3, after: 1 },
      batch: 8,
      epochs: 2,
    });
    expect(checkConfig(config)).toEqual(config);
    const { method, settings, weights } = await loadModel(join(out, 'best.safetensors'));
    expect({ method, settings }).toEqual({ method: 'sslalign', settings: config.settings });
    expect(Object.keys(weights).length).toBeGreaterThan(20);

    // A second run is refused, and what is there is untouched.
    const before = contents(out);
    expectLine(
      await earshot(train(out, ...validate())),
      1,
      `earshot: ${out} holds a run already: go on with it (--resume), or take another folder`,
    );
    expect(contents(out)).toEqual(before);
    // There is nothing to go on with.
    expect(await earshot(train(out, ...validate(), '--resume'))).toMatchObject({
      code: 0,
      stdout: `nothing to do: ${out} has done its 2 epochs\n`,
      stderr: '',
    });
    expect(contents(out)).toEqual(before);
    // Nor otherwise.
    expectLine(
      await earshot(train(out, '--resume', '--epochs', '3', '--tau', '0.2')),
      1,
      /begun otherwise; what differs: (config\.epochs, config\.settings\.tau|config\.settings\.tau, config\.epochs)\. Leave these/,
    );
    expect(contents(out)).toEqual(before);
  });

  it('of the other method, in micro-batches, from given weights', async () => {
    const first = fresh();
    const ezvsl = ['-m', 'ezvsl', '--micro-batch', '4', '--epochs', '1'];
    expect(await earshot(train(first, ...ezvsl))).toMatchObject({ code: 0 });
    const out = fresh();
    const weights = join(first, 'best.safetensors');
    expect(await earshot(train(out, ...ezvsl, '--weights', weights, '--freeze-batch-norm'))).toMatchObject({ code: 0 });
    expect((await loadModel(join(out, 'first.safetensors'))).weights).toEqual((await loadModel(weights)).weights);
    const [before, after] = [(await loadModel(weights)).weights, (await loadModel(join(out, 'best.safetensors'))).weights];
    for (const [name, value] of Object.entries(after))
      if (name.includes('running_')) expect(value).toEqual(before[name]);
      else expect(value, name).not.toEqual(before[name]);
    // They are in the run; others are refused.
    expect(await earshot(train(out, '--resume', ...ezvsl))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^nothing to do: /),
    });
    const other = ['--weights', join(first, 'first.safetensors')];
    expectLine(await earshot(train(out, ...ezvsl, '--freeze-batch-norm', '--resume', ...other)), 1, /what differs: weights\./);
  });
});

describe('wrong usage', () => {
  it.each([
    [['--batch', 'many'], 2, /option '--batch <pairs>' argument 'many' is invalid/],
    [['--batch', ''], 2, /option '--batch <pairs>' argument '' is invalid/],
    [['--widths', '4,x'], 2, /option '--widths <list>' argument '4,x' is invalid/],
    [['--method', 'sslalgin'], 2, /option '-m, --method <name>' argument 'sslalgin' is invalid/],
    [['--preset', 'desktop'], 2, /option '--preset <name>' argument 'desktop' is invalid/],
    [['--picture', 'desktop'], 2, /option '--picture <preset>' argument 'desktop' is invalid/],
    [['--threads', '100000'], 2, /option '--threads <count>' argument '100000' is invalid.*from 1 to 256/],
    [['--threads', '0'], 2, /option '--threads <count>' argument '0' is invalid/],
    [['--checkpoint-seconds', '0'], 2, /option '--checkpoint-seconds <seconds>' argument '0' is invalid/],
    [['--validate-every', '0.5'], 2, /option '--validate-every <epochs>' argument '0.5' is invalid/],
    [['--validate-benchmark', 'mine'], 2, /argument 'mine' is invalid/],
    [['--momentum', '1'], 2, /unknown option '--momentum'/],
    [['--epochs', '0'], 2, /^earshot: --epochs: /],
    [['--size', '3'], 2, /^earshot: --size: /],
    [['--tau', '0'], 2, /^earshot: --tau: /],
    [['--widths', '4,8.5'], 2, /^earshot: --widths: /],
    [['--seed', '0.5'], 2, /^earshot: --seed: /],
    [
      ['--after', '2'],
      2,
      /^earshot: --after: .*begin after 2 epochs, the run has 2: begin earlier \(--after\), .*--semantic none/,
    ],
    [['--micro-batch', '3'], 2, /^earshot: --micro-batch: a batch of 8 cannot be made of micro-batches of 3/],
    [['--warmup', '2'], 2, /^earshot: --warmup: expected fewer than the 2 epochs/],
    [['--batch', '25'], 1, /train\.csv: its 24 pairs are fewer than a batch of 25; pass a smaller --batch/],
    [['--picture-encoder', 'a.onnx'], 2, /^earshot: --picture-encoder-preset: /],
    [['-m', 'ezvsl', '--no-multi-view'], 2, /^earshot: --no-multi-view: not known here; known are widths, /],
    [['--weights', 'nowhere.safetensors'], 1, /nowhere\.safetensors/],
    [['--validate', 'nowhere.json'], 1, /nowhere\.json/],
    [['--resume'], 1, /^earshot: no run in \S*run\d+ to go on with; to begin one leave --resume out\n$/],
    [['--config', 'nowhere.json'], 1, /nowhere\.json: the configuration cannot be read \(ENOENT\)/],
  ] as const)('%j: exit code %i and a line, no folder', async (args, code, message) => {
    const out = fresh();
    expectLine(await earshot(train(out, ...args)), code, message);
    expect(existsSync(out)).toBe(false);
  });

  it('without data, or without a folder to write to', async () => {
    expectLine(await earshot(['train', '--out', fresh()]), 2, /missing required argument 'data'/);
    expectLine(await earshot(['train', list]), 2, /required option '-o, --out <folder>' not specified/);
    const out = fresh();
    expectLine(
      await earshot(['train', join(folder, 'nowhere'), '--out', out]),
      1,
      /nowhere: expected .*there is none \(ENOENT\)/,
    );
    expect(existsSync(out)).toBe(false);
  });

  it('a folder of something else is not written to', async () => {
    for (const more of [[], ['--resume']]) {
      const before = contents(world);
      expectLine(await earshot(train(world, ...more)), 1, /expected a new or empty folder, in it are /);
      expect(contents(world)).toEqual(before);
    }
  });

  it('weights of another network are named', async () => {
    const weights = join(folder, 'other.safetensors');
    await saveSafetensors(weights, { 'vision.conv9.weight': float32([1], [1]) });
    const out = fresh();
    const { code, stdout, stderr } = await earshot(train(out, '--weights', weights));
    expect(stderr).toMatch(/^earshot: weights: they do not fit this network.*\n {2}'vision\.conv9\.weight' is no parameter/);
    expect([code, stdout]).toEqual([1, '']);
    // Nothing is in the way of the command as it was meant.
    expect(contents(out)).toEqual({});
    expectLine(await earshot(train(out, '--freeze-batch-norm')), 1, /those of --weights/);
    writeFileSync(weights, 'no weights');
    expectLine(await earshot(train(fresh(), '--weights', weights)), 1, weights);
  });
});

describe('a configuration file', () => {
  const written = (value: unknown) => {
    const path = join(folder, `config${runs++}.json`);
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
    return path;
  };
  const fast = ['--batch', '8', '--threads', '1'];
  const withFile = (out: string, config: unknown, ...more: string[]) =>
    earshot(['train', list, '--out', out, '--config', written(config), ...more]);
  const small = {
    picture: { size: 32 },
    sound: { seconds: 0.5 },
    epochs: 1,
    settings: { widths: [4, 8], blocks: [1, 1] },
    neighbours: { after: 0 },
  };

  it('goes before the preset, and options before it', async () => {
    const out = fresh();
    const file = { ...small, optimizer: { learningRate: 0.5, warmup: 0.25 }, seed: 3 };
    expect(await withFile(out, file, ...fast, '--learning-rate', '0.01', '--tau', '0.3')).toMatchObject({ code: 0 });
    const { optimizer, settings, seed, picture } = configOf(out);
    const preset = presetConfig('sslalign', 'laptop');
    expect(optimizer).toEqual({ ...preset.optimizer, learningRate: 0.01, warmup: 0.25 });
    expect(settings).toEqual({ ...(preset.settings as object), ...small.settings, tau: 0.3 });
    expect([seed, picture]).toEqual([3, { preset: 'laptop', size: 32 }]);
  });

  it('names the method too: what is not in it comes from that method’s preset', async () => {
    const [out, again] = [fresh(), fresh()];
    expect(await withFile(out, { ...small, method: 'ezvsl' }, ...fast)).toMatchObject({ code: 0 });
    const config = configOf(out);
    expect(config).toMatchObject({ method: 'ezvsl', settings: { widths: [4, 8], dimensions: 128 } });
    // A run's own configuration makes the same run, without any option.
    expect(await withFile(again, config, '--threads', '1')).toMatchObject({ code: 0 });
    expect(configOf(again)).toEqual(config);
    await expectSame(again, out);
    // An option goes before the file: these are no settings of that method.
    expectLine(
      await withFile(fresh(), { ...small, method: 'ezvsl' }, '-m', 'sslalign', '--batch', '99'),
      1,
      /fewer than a batch of 99/,
    );
    const refused = await withFile(fresh(), config, '-m', 'sslalign', '--tau', '-1');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^earshot: --tau: /);
  });

  it.each([
    [{ lr: 1 }, /config\d+\.json: lr: not known here; known are method, /],
    [{ optimizer: { learning_rate: 1 } }, /config\d+\.json: optimizer\.learning_rate: not known here; known are learningRate, /],
    [{ settings: { temperature: 1 } }, /config\d+\.json: settings\.temperature: not known here; .*\btau\b/],
    [{ augmentation: { crop: { size: 1 } } }, /config\d+\.json: augmentation\.crop\.size: not known here; known are enlarge\n$/],
    [{ method: 'toString' }, /config\d+\.json: method: /],
    [{ batch: '8' }, /config\d+\.json: batch: /],
    [null, /expected an object with keys of a configuration, got null/],
    [[], /expected an object with keys of a configuration, got \[\]/],
    ['{"batch":', /config\d+\.json: expected JSON: /],
  ])('%j is refused', async (config, message) => {
    const out = fresh();
    expectLine(await withFile(out, config), 1, message);
    expect(existsSync(out)).toBe(false);
  });
});

describe('the data', () => {
  const rows = () => readFileSync(list, 'utf8').trim().split('\n');
  const listOf = (name: string, lines: readonly string[]) => {
    const path = join(world, name);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  };
  const trainOn = (path: string, out: string, ...more: string[]) =>
    earshot(['train', path, '--out', out, ...tiny, ...short, ...more]);

  it('with missing files is refused and these are named; --skip-missing leaves them out', async () => {
    const path = listOf('missing.csv', [...rows(), 'images/none.png,audio/none.wav', rows()[1]!]);
    const refused = fresh();
    const { code, stdout, stderr } = await trainOn(path, refused);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^earshot: .*missing\.csv: 3 of 27 entries cannot be used; .*--skip-missing:\n/);
    for (const what of [
      /no such file: .*images\/none\.png$/m,
      /no such file: .*audio\/none\.wav$/m,
      /line 27: the pair was there before/,
    ])
      expect(stderr).toMatch(what);
    expect(existsSync(refused)).toBe(false);

    const out = fresh();
    const skipped = await trainOn(path, out, '--skip-missing', '--epochs', '1', '--after', '0');
    expect(skipped.code).toBe(0);
    expect(skipped.stderr).toMatch(/none\.png/);
    expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).data.pairs).toBe(24);
  });

  it('of one pair is too little, of none too', async () => {
    const out = fresh();
    expectLine(await trainOn(listOf('one.csv', rows().slice(0, 2)), out), 1, /its 1 pairs are fewer than a batch of 8/);
    const [header] = rows();
    expectLine(await trainOn(listOf('none.csv', [header!]), out), 1, /none\.csv/);
    expectLine(
      await trainOn(listOf('gone.csv', [header!, 'no.png,no.wav']), out, '--skip-missing'),
      1,
      /no pair of it can be used/,
    );
    expect(existsSync(out)).toBe(false);
  });

  it('with pictures that cannot be read tells each once; with too few others it fails', async () => {
    const copy = join(folder, 'broken');
    cpSync(world, copy, { recursive: true });
    const images = rows()
      .slice(1)
      .map((row) => join(copy, row.split(',')[0]!));
    truncateSync(images[2]!, 100);
    const out = fresh();
    const { code, stderr } = await trainOn(join(copy, 'train.csv'), out);
    expect(code).toBe(0);
    expect(stderr.match(/^left out: .*$/gm)).toEqual([expect.stringContaining(`left out: ${images[2]}: `)]);
    expect(metricsOf(out).filter(({ kind }) => kind === 'step')).toHaveLength(4);

    for (const image of images.slice(5)) truncateSync(image, 100);
    const failed = await trainOn(join(copy, 'train.csv'), fresh(), '--semantic', 'none');
    expect([failed.code, failed.stdout]).toEqual([1, '']);
    expect(failed.stderr.match(/^left out: /gm)).toHaveLength(20);
    expect(failed.stderr).toMatch(/^earshot: batch: of the 24 pairs of 'train' only 4 can be used, fewer than a batch of 8$/m);
  });
});

describe('whatever ends it', () => {
  const long = (out: string, ...more: string[]) => train(out, '--epochs', '8', '--every', '3', ...more);
  /** 24 steps, 6 searches. */
  const lines = 30;
  let undisturbed: string;
  beforeAll(async () => {
    undisturbed = fresh();
    expect(await earshot(long(undisturbed))).toMatchObject({ code: 0 });
    expect(linesOf(undisturbed)).toBe(lines);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('%s ends it in good order; --resume comes to the same model', async (signal) => {
    const out = fresh();
    const run = start(long(out));
    await untilWritten(4, out, run);
    run.process.kill(signal);
    const { code, stdout, stderr } = await run.ended;
    expect([code, stdout]).toEqual([signal === 'SIGINT' ? 130 : 143, '']);
    expect(stderr).toMatch(/^earshot: interrupted$/m);
    expect(existsSync(join(out, '.lock'))).toBe(false);
    // Every step that was done was saved.
    const { metadata } = await loadCheckpoint(join(out, 'last.safetensors'));
    const { updates } = JSON.parse(metadata.progress!);
    expect(metricsOf(out).filter(({ kind }) => kind === 'step')).toHaveLength(updates);
    expect(updates).toBeLessThan(24);
    expect(stderr).toContain(`\nsaved after update ${updates}; go on with --resume\n`);
    const resumed = await earshot(long(out, '--resume'));
    expect(resumed).toMatchObject({ code: 0, stdout: `the model is ${join(out, 'best.safetensors')}\n` });
    expect(resumed.stderr).toContain(`going on after update ${updates}, in epoch `);
    await expectSame(out, undisturbed);
  });

  it.each([
    ['after every step', ['--checkpoint-seconds', '0.001']],
    ['after epochs', []],
  ])('killed three times, with checkpoints %s: --resume comes to the same model', async (name, more) => {
    const out = fresh();
    const random = new Random(1, name);
    for (const k of [0, 1, 2]) {
      const run = start(long(out, ...more, ...(existsSync(join(out, 'config.json')) ? ['--resume'] : [])));
      await untilWritten(Math.floor(((k + random.uniform()) * lines) / 3), out, run);
      await sleep(60 * random.uniform());
      run.process.kill('SIGKILL');
      expect((await run.ended).signal).toBe('SIGKILL');
    }
    expect(await earshot(long(out, ...more, '--resume'))).toMatchObject({ code: 0 });
    rmSync(join(out, '.lock'), { force: true });
    await expectSame(out, undisturbed);
  });

  it('two at once are refused, and the first goes on', async () => {
    const out = fresh();
    const first = start(long(out));
    await untilWritten(1, out, first);
    first.process.kill('SIGSTOP');
    const message = new RegExp(`^earshot: another training \\(process ${first.process.pid} on .*\\) is working in this folder`);
    expectLine(await earshot(long(out)), 1, /holds a run already/);
    expectLine(await earshot(long(out, '--resume')), 1, message);
    first.process.kill('SIGCONT');
    expect(await first.ended).toMatchObject({ code: 0 });
    await expectSame(out, undisturbed);
  });
});
