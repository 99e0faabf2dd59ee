/** Weights that others released, as models of ours. */
import type { PresetName } from '../features/choice.js';
import { parametersOf } from '../graph/lower/weights.js';
import type { Model, ModelDescription } from '../localization/model.js';
import { localizerGraph } from '../localization/network.js';
import { architectures } from '../methods/index.js';
import { sameShape, showShape } from '../tensor.js';
import type { StoredTensor } from './pickleValues.js';
import { type Published, type PublishedName, publishedNames, publishedNetworks } from './published.js';
import { readTensors, stateDictOf } from './stateDict.js';
import { CheckpointError, type OpenTorchFile, openTorchFile } from './torchFile.js';

export interface ImportOptions {
  /** Whose network it is; told from the names where they are one network's alone. */
  network?: PublishedName;
  /** How pictures and sounds become its inputs, in place of the published way. */
  inputs?: PresetName;
}

export interface Imported {
  /** The network that was asked for, or all whose names, inputs and maps these are. */
  networks: readonly [PublishedName, ...PublishedName[]];
  model: Model;
  /** What of the checkpoint is not in the model: the beginning of the names, and how many there are. */
  leftOut: readonly { names: string; count: number }[];
}

/** PyTorch's count of batches seen, which inference does not need. */
const batchCount = 'num_batches_tracked';

/**
 * Reads a checkpoint of torch.save as a model. Nothing of the file is run. Throws CheckpointError when it is damaged or holds more than weights,
 * when its names are those of no network known here or of several, and when tensors are missing, unknown, of other shapes, or hold
 * what no training leaves.
 */
export async function importCheckpoint(path: string, { network: wanted, inputs }: ImportOptions = {}): Promise<Imported> {
  const file = await openTorchFile(path);
  try {
    const found = stateDictOf(file);
    const networks: Imported['networks'] = wanted ? [wanted] : networksOf(path, [...found.keys()]);
    const [network] = networks;
    const published: Published = publishedNetworks[network];
    const { ours, leftOut, unknown } = renamed(found, published);
    const about = describe(path, published, ours, inputs);
    checkFit(path, network, about, ours, unknown);
    const values = await valuesOf(file, ours);
    const parameters = [...parametersOf(localizerGraph(about, { batch: 1 })).keys()];
    const weights = Object.fromEntries(parameters.map((name) => [name, values.get(name)!]));
    return { networks, model: { ...about, weights }, leftOut };
  } finally {
    await file.close();
  }
}

/** The longest beginning of a name that the table has. */
const beginningOf = (name: string, { names }: Published): string | undefined =>
  Object.keys(names)
    .filter((beginning) => name.startsWith(beginning))
    .sort((a, b) => b.length - a.length)[0];

/** The networks whose names these are. Throws CheckpointError when there is none, or several that are not the same. */
function networksOf(path: string, names: readonly string[]): Imported['networks'] {
  const has = (published: Published): boolean =>
    Object.entries(published.names).every(
      ([beginning, ours]) => ours === null || names.some((name) => beginningOf(name, published) === beginning),
    );
  const fitting = publishedNames.filter((name) => {
    const published: Published = publishedNetworks[name];
    return !published.byNameOnly && has(published);
  });
  const [first, ...others] = fitting;
  if (first === undefined)
    throw new CheckpointError(
      `${path}: its ${names.length} names are those of no network known here (${names.slice(0, 4).join(', ')}, ...); known are ` +
        `${publishedNames.join(', ')}. With --network NAME it is said what one of them lacks`,
    );
  const { architecture, settings, inputs } = publishedNetworks[first];
  const isSame = (name: PublishedName): boolean => {
    const other = publishedNetworks[name];
    return other.architecture === architecture && other.settings === settings && other.inputs === inputs;
  };
  if (!others.every(isSame))
    throw new CheckpointError(
      `${path}: its names are those of ${fitting.join(' and ')}, which differ in how they hear and see: say which with --network`,
    );
  return [first, ...others];
}

/** Tensors by our names, with theirs. */
type Renamed = ReadonlyMap<string, { theirs: string; stored: StoredTensor }>;

function renamed(found: ReadonlyMap<string, StoredTensor>, published: Published) {
  const ours = new Map<string, { theirs: string; stored: StoredTensor }>();
  const counts = new Map<string, number>();
  const unknown: string[] = [];
  const leaveOut = (names: string) => counts.set(names, (counts.get(names) ?? 0) + 1);
  for (const [theirs, stored] of found) {
    const beginning = beginningOf(theirs, published);
    const name = beginning === undefined ? undefined : published.names[beginning];
    if (name === null) leaveOut(`${beginning}*`);
    else if (theirs.endsWith(`.${batchCount}`)) leaveOut(`*.${batchCount}`);
    else if (name === undefined) unknown.push(theirs);
    else ours.set(name + theirs.slice(beginning!.length), { theirs, stored });
  }
  if (published.others === 'left out')
    for (const theirs of unknown.splice(0)) leaveOut(theirs.includes('.') ? `${theirs.split('.')[0]}.*` : theirs);
  return { ours: ours as Renamed, unknown, leftOut: [...counts].map(([names, count]) => ({ names, count })) };
}

/** The network as published, as wide as the checkpoint's. */
function describe(path: string, published: Published, ours: Renamed, inputs: PresetName = published.inputs): ModelDescription {
  const { architecture, settings } = published;
  const rows = (name: string): number | undefined => ours.get(name)?.stored.shape[0];
  const widths = (settings.widths as readonly number[]).map((width, i) => rows(`vision.layer${i + 1}.0.conv1.weight`) ?? width);
  const projection = [...ours.keys()].find((name) => /^visionProjection\d?\.0\.weight$/.test(name));
  const dimensions = (projection && rows(projection)) ?? settings.dimensions;
  const checked = architectures[architecture].settings.safeParse({ ...settings, widths, dimensions });
  if (!checked.success)
    throw new CheckpointError(
      `${path}: widths ${showShape(widths)} and ${dimensions} dimensions: ${checked.error.issues[0]?.message}`,
    );
  return { method: architecture, settings: checked.data, picture: { preset: inputs }, sound: { preset: inputs } };
}

const shownAtMost = 4;
const some = (names: readonly string[]): string =>
  names.slice(0, shownAtMost).join(', ') + (names.length > shownAtMost ? `, and ${names.length - shownAtMost} more` : '');

/** Throws CheckpointError unless there is exactly what the network needs. */
function checkFit(
  path: string,
  network: PublishedName,
  about: ModelDescription,
  ours: Renamed,
  unknown: readonly string[],
): void {
  const needed = parametersOf(localizerGraph(about, { batch: 1 }));
  const missing = [...needed].filter(([name]) => !ours.has(name));
  const extra = [...unknown, ...[...ours].filter(([name]) => !needed.has(name)).map(([, { theirs }]) => theirs)];
  const misshapen = [...needed].flatMap(([name, { shape }]) => {
    const given = ours.get(name);
    return given && !sameShape(given.stored.shape, shape)
      ? [`${given.theirs} is ${showShape(given.stored.shape)}, expected ${showShape(shape)}`]
      : [];
  });
  const faults = [
    ...(missing.length > 0
      ? [
          `${missing.length} missing: ${some(missing.map(([name, { shape }]) => `${theirName(name, network)} ${showShape(shape)}`))}`,
        ]
      : []),
    ...(extra.length > 0 ? [`${extra.length} unknown: ${some(extra)}`] : []),
    ...(misshapen.length > 0 ? [`${misshapen.length} of another shape: ${some(misshapen)}`] : []),
  ];
  if (faults.length > 0) throw new CheckpointError(`${path}: its weights are not those of ${network}:\n  ${faults.join('\n  ')}`);
}

/** What the authors call a parameter of ours. */
function theirName(name: string, network: PublishedName): string {
  const pairs = Object.entries(publishedNetworks[network].names as Published['names']).filter(([, ours]) => ours !== null);
  const [theirs, ours] = pairs
    .filter(([, beginning]) => name.startsWith(beginning!))
    .sort(([, a], [, b]) => b!.length - a!.length)[0]!;
  return theirs + name.slice(ours!.length);
}

async function valuesOf(file: OpenTorchFile, ours: Renamed) {
  const stored = new Map([...ours.values()].map(({ theirs, stored: tensor }) => [theirs, tensor]));
  const read = await readTensors(file, stored);
  for (const [theirs, { data }] of read)
    if (theirs.endsWith('.running_var') && data.some((x) => x < 0))
      throw new CheckpointError(
        `${file.path}: '${theirs}' has a negative variance: the file is damaged, or the training went wrong`,
      );
  return new Map([...ours].map(([name, { theirs }]) => [name, read.get(theirs)!]));
}
