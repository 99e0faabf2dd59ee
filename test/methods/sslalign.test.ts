/** The loss of sslalign against the paper's formula in plain TypeScript, and its parts one by one. */
import { describe, expect, it } from 'vitest';
import { interpret, type Value } from '../../src/graph/index.js';
import * as ops from '../../src/graph/ops.js';
import { methods } from '../../src/methods/index.js';
import type { Named } from '../../src/methods/method.js';
import type { Tensor } from '../../src/tensor.js';
import { adam } from '../../src/training/optimizer.js';
import { stepGraph } from '../../src/training/stepGraph.js';
import { average, cosines, naiveInfoNce, naiveMaps, type Rows, rowsOf, topMean, transposed } from '../losses/naive.js';
import { draw } from '../training/networks.js';
import { lossOf, tinyNetwork, tinySettings } from './tiny.js';

const { sslalign } = methods;

interface Chosen {
  pool: 'mean' | 'max' | 'top';
  directions: 1 | 2;
  tau: number;
  intra: number;
  alignment: boolean;
  multiView: boolean;
  semantic: 'both' | 'picture' | 'sound' | 'none';
}
const chosen = (changes: Partial<Chosen>): Chosen =>
  sslalign.settings.parse({ ...(sslalign.presets.laptop as Chosen), ...changes }) as Chosen;

const [b, d, e, h, w] = [4, 5, 3, 5, 7];
/** A tenth of 35 positions. */
const topCount = 4;

type View = Readonly<Record<string, Tensor<'float32'>>>;
interface Sides {
  picture: View[];
  sound: View[];
}

/** Random compared features of every view, as the encoders would make them. */
function comparedOf(settings: Chosen): Sides {
  const views = sslalign.views(settings);
  const semantics = settings.alignment || settings.intra > 0;
  const made = (side: 'picture' | 'sound', kind: string): View => ({
    localization: draw(side === 'picture' && settings.pool !== 'mean' ? [b, d, h, w] : [b, d], side, kind, 'localization'),
    ...(semantics && { semantics: draw([b, e], side, kind, 'semantics') }),
  });
  return { picture: views.picture.map((kind) => made('picture', kind)), sound: views.sound.map((kind) => made('sound', kind)) };
}

/** The method's loss on them, term by term, in float64. */
function termsOf(settings: Chosen, compared: Sides): Record<string, number> {
  const feeds: Record<string, Tensor> = {};
  const named = (side: keyof Sides): Named[] =>
    compared[side].map((view, i) =>
      Object.fromEntries(
        Object.entries(view).map(([what, t]): [string, Value] => {
          const name = `${side}.${i}.${what}`;
          feeds[name] = t;
          return [what, ops.input(name, t.shape)];
        }),
      ),
    );
  const outputs = sslalign.loss(named('picture'), named('sound'), settings);
  const found = interpret({ outputs }, feeds);
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data[0]!]));
}

/** Every picture with every sound as one number. */
function localization(picture: View, sound: View, { pool }: Chosen): Rows {
  if (pool === 'mean') return cosines(rowsOf(picture.localization!), rowsOf(sound.localization!));
  const maps = naiveMaps(picture.localization!, sound.localization!);
  return maps.map((row) => row.map((values) => topMean(values, pool === 'max' ? 1 : topCount)));
}

/** The same, written from the paper. */
function wantedTerms(settings: Chosen, { picture, sound }: Sides): Record<string, number> {
  const { tau, directions } = settings;
  const nce = (s: Rows) =>
    directions === 1 ? naiveInfoNce(s, tau) : (naiveInfoNce(s, tau) + naiveInfoNce(transposed(s), tau)) / 2;
  const semantic = (x: View, y: View) => nce(cosines(rowsOf(x.semantics!), rowsOf(y.semantics!)));
  const [found, aligned, intra]: number[][] = [[], [], []];
  for (const v of picture)
    for (const a of sound) {
      found!.push(nce(localization(v, a, settings)));
      if (settings.alignment) aligned!.push(semantic(v, a));
    }
  if (settings.intra > 0)
    for (const views of [picture, sound])
      for (let i = 0; i < views.length; i++)
        for (let j = 0; j < views.length; j++) if (i !== j) intra!.push(semantic(views[i]!, views[j]!));
  return {
    localization: average(found!),
    ...(aligned!.length > 0 && { alignment: average(aligned!) }),
    ...(intra!.length > 0 && { intra: settings.intra * average(intra!) }),
  };
}

function expectFormula(settings: Chosen): Record<string, number> {
  const compared = comparedOf(settings);
  const found = termsOf(settings, compared);
  const wanted = wantedTerms(settings, compared);
  expect(Object.keys(found)).toEqual(Object.keys(wanted));
  // Constants such as 1 / tau are float32.
  for (const [name, x] of Object.entries(wanted)) expect(Math.abs(found[name]! - x), name).toBeLessThan(1e-6 * (1 + Math.abs(x)));
  return found;
}

describe('the loss is that of the paper', () => {
  const pools = ['mean', 'max', 'top'] as const;
  const directions = [1, 2] as const;
  it.each(pools.flatMap((pool) => directions.map((d) => ({ pool, directions: d }))))(
    'on nine pairs: $pool of the map, softmax in $directions',
    ({ pool, directions }) => {
      const settings = chosen({ pool, directions, tau: 0.5 });
      expect(sslalign.views(settings).picture.length * sslalign.views(settings).sound.length).toBe(9);
      expectFormula(settings);
    },
  );

  it('with one direction for the sounds of each picture', () => {
    const settings = chosen({ directions: 1, multiView: false, semantic: 'none', alignment: false, tau: 1 });
    const { picture, sound } = comparedOf(settings);
    const s = localization(picture[0]!, sound[0]!, settings);
    const [rows, columns] = [naiveInfoNce(s, 1), naiveInfoNce(transposed(s), 1)];
    expect(Math.abs(rows - columns)).toBeGreaterThan(0.01);
    expect(termsOf(settings, { picture, sound }).localization).toBeCloseTo(rows, 6);
  });

  it.each([1, 2] as const)('with L_intra, %s directions', (directions) => {
    const one = expectFormula(chosen({ intra: 1, directions, tau: 0.5 }));
    const half = expectFormula(chosen({ intra: 0.5, directions, tau: 0.5 }));
    expect(Object.keys(one)).toEqual(['localization', 'alignment', 'intra']);
    expect(half.intra).toBeCloseTo(one.intra! / 2, 6);
    expect(half.alignment).toBe(one.alignment);
  });

  it('with L_intra and no projected space, of the features themselves', () => {
    expect(Object.keys(expectFormula(chosen({ intra: 0.3, alignment: false, tau: 0.5 })))).toEqual(['localization', 'intra']);
  });

  it('with L_intra of the side that has several views', () => {
    const settings = chosen({ intra: 1, multiView: false, semantic: 'sound', tau: 0.5 });
    const compared = comparedOf(settings);
    const { intra } = expectFormula(settings);
    const other = {
      ...compared,
      sound: [compared.sound[0]!, { ...compared.sound[1]!, semantics: compared.sound[0]!.semantics! }],
    };
    expect(Math.abs(termsOf(settings, other).intra! - intra!)).toBeGreaterThan(1e-3);
  });

  it('without L_intra as long as there are no neighbours to compare with', () => {
    const settings = chosen({ intra: 1, multiView: false, semantic: 'both', tau: 0.5 });
    const { picture, sound } = comparedOf(settings);
    const anchors = { picture: picture.slice(0, 1), sound: sound.slice(0, 1) };
    const found = termsOf(settings, anchors);
    expect(Object.keys(found)).toEqual(['localization', 'alignment']);
    expect(found.localization).toBeCloseTo(wantedTerms(settings, anchors).localization!, 5);
  });
});

describe('its components', () => {
  const onOff = [true, false];
  const combinations = onOff.flatMap((multiView) =>
    onOff.flatMap((semantic) => onOff.map((alignment) => ({ multiView, semantic, alignment }))),
  );

  it.each(combinations)(
    'multiView $multiView, semantic $semantic, alignment $alignment',
    ({ multiView, semantic, alignment }) => {
      const settings = chosen({ multiView, semantic: semantic ? 'both' : 'none', alignment, tau: 0.5 });
      const kinds = ['anchor', ...(multiView ? ['augmented'] : []), ...(semantic ? ['neighbour'] : [])];
      expect(sslalign.views(settings)).toEqual({ picture: kinds, sound: kinds });
      const terms = expectFormula(settings);
      expect(Object.keys(terms)).toEqual(alignment ? ['localization', 'alignment'] : ['localization']);
    },
  );

  it.each(combinations)(
    'take part in the network: multiView $multiView, semantic $semantic, alignment $alignment',
    ({ multiView, semantic, alignment }) => {
      for (const preset of ['paper', 'laptop'] as const)
        for (const pool of ['mean', 'top'] as const) {
          const settings = tinySettings(sslalign, preset, { multiView, semantic: semantic ? 'both' : 'none', alignment, pool });
          const network = tinyNetwork(sslalign, settings, true);
          const what = alignment ? ['localization', 'semantics'] : ['localization'];
          for (const { compared } of [...network.pictures, ...network.sounds]) expect(Object.keys(compared)).toEqual(what);
          const { loss } = lossOf(sslalign, settings, network);
          expect(() => stepGraph({ scope: network.scope, loss, optimizer: adam({ learningRate: 1 }) })).not.toThrow();
          const heads = [...network.scope.parameters.keys()].filter((name) => name.includes('Projection'));
          expect(heads.length).toBe(alignment ? 8 : 0);
        }
    },
  );

  it.each([
    { semantic: 'picture', picture: ['anchor', 'neighbour'], sound: ['anchor'] },
    { semantic: 'sound', picture: ['anchor'], sound: ['anchor', 'neighbour'] },
  ] as const)('semantic positives of one side: $semantic', ({ semantic, picture, sound }) => {
    const settings = chosen({ multiView: false, semantic, tau: 0.5 });
    expect(sslalign.views(settings)).toEqual({ picture, sound });
    expectFormula(settings);
    expect(sslalign.views(chosen({ multiView: true, semantic })).picture[1]).toBe('augmented');
  });

  it('L_intra without second views is refused', () => {
    const settings = { ...(sslalign.presets.laptop as Chosen), multiView: false, semantic: 'none', intra: 0.1 };
    const { error } = sslalign.settings.safeParse(settings);
    expect(error?.issues).toHaveLength(1);
    expect(error?.issues[0]).toMatchObject({
      path: ['intra'],
      message: expect.stringContaining('switch multiView or semantic on'),
    });
    for (const changes of [{ intra: 0 }, { multiView: true }, { semantic: 'picture' }, { semantic: 'sound' }])
      expect(sslalign.settings.safeParse({ ...settings, ...changes }).success).toBe(true);
  });

  it('settings out of range are refused where they are', () => {
    for (const [key, value] of Object.entries({
      tau: 0,
      intra: -1,
      pool: 'median',
      directions: 3,
      dimensions: 0,
      hidden: 1.5,
      localizationDimensions: 0,
      semantic: true,
      pictureStride: 3,
      widths: [8],
      blocks: [0, 1],
    }))
      expect(
        sslalign.settings.safeParse({ ...(sslalign.presets.laptop as object), [key]: value }).error?.issues[0]?.path[0],
      ).toBe(key);
  });
});
