/** What a world is made from. */
import { kinds } from './kinds/index.js';

/** The world cannot be written. `message` is one line that says what to do. */
export class WorldError extends Error {
  override name = 'WorldError';
}

export interface WorldOptions {
  /** The same seed gives the same bytes. */
  seed: number;
  /** Pairs of a picture and a sound to learn from. */
  train: number;
  /** Scenes of three objects, each with its sound, to choose models by. */
  validation: number;
  /** The same for the final test. */
  test: number;
  /** Side of the pictures in pixels. */
  size: number;
  /** Share of the training pairs whose sound is of a kind that is not in the picture. */
  offScreen: number;
  /** Names of the kinds of objects that sound. */
  kinds: readonly string[];
}

/** Objects in a scene of validation and test. */
export const objectsInScene = 3;

export const kindNames: readonly string[] = kinds.map(({ name }) => name);

export const defaultWorld: WorldOptions = {
  seed: 0,
  train: 2000,
  validation: 40,
  test: 100,
  size: 96,
  offScreen: 0.05,
  kinds: kindNames,
};

/** The options with defaults filled in. Throws RangeError for what makes no world. */
export function resolveOptions(given: Partial<WorldOptions>): WorldOptions {
  const options = { ...defaultWorld, ...given };
  const expect = (good: boolean, name: keyof WorldOptions, expected: string) => {
    if (!good) throw new RangeError(`world: expected ${name} to be ${expected}, got ${options[name]}`);
  };
  const isWhole = (value: number, least: number, most: number) => Number.isSafeInteger(value) && value >= least && value <= most;
  expect(isWhole(options.seed, 0, Number.MAX_SAFE_INTEGER), 'seed', 'a whole number of at least 0');
  for (const name of ['train', 'validation', 'test'] as const)
    expect(isWhole(options[name], 1, 1_000_000), name, 'a whole number from 1 to 1000000');
  expect(isWhole(options.size, 48, 1024), 'size', 'a whole number of pixels from 48 to 1024');
  expect(options.offScreen >= 0 && options.offScreen <= 1, 'offScreen', 'a share from 0 to 1');
  // Of a scene's objects and of one that is heard off screen.
  const known = new Set(options.kinds.filter((name) => kindNames.includes(name)));
  expect(
    known.size === options.kinds.length && known.size > objectsInScene,
    'kinds',
    `at least ${objectsInScene + 1} different ones of ${kindNames.join(', ')}`,
  );
  return options;
}
