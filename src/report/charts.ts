/** Charts as SVG text, made without a browser by Vega-Lite. Models have the colours `--model-0` ... of the page's style sheet. */
import type { TopLevelSpec } from 'vega-lite';
import type { Evaluation } from '../evaluation/evaluation.js';
import { fixedRank, untiedCount } from '../evaluation/protocol.js';
import { areaUnderCurve, successCurve, successRate, successThresholds } from '../metrics/success.js';
import { escapeHtml } from './html.js';
import { modelColour, seriesColours } from './palette.js';
import type { TrainingCurve } from './trainingCurve.js';

/** Text and lines take the page's colour, bars and curves the models': Vega needs colours it knows, which are replaced afterwards. */
const ink = '#123456';
const stand = (place: number) => `#abcde${place}`;

const config = {
  font: 'system-ui, sans-serif',
  background: 'transparent',
  view: { stroke: null },
  axis: {
    domainColor: ink,
    domainOpacity: 0.4,
    gridColor: ink,
    gridOpacity: 0.12,
    tickColor: ink,
    tickOpacity: 0.4,
    labelColor: ink,
    titleColor: ink,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 'normal' as const,
    titlePadding: 8,
    tickCount: 5,
  },
};

/** `label` is read out in place of the picture. Sizes are pixels, with axes and titles. */
async function svgOf(spec: Record<string, unknown>, label: string): Promise<string> {
  const [vega, lite] = await Promise.all([import('vega'), import('vega-lite')]);
  const whole = { ...spec, config, padding: 2, autosize: { type: 'fit', contains: 'padding' } };
  const { spec: compiled } = lite.compile(whole as unknown as TopLevelSpec);
  const svg = await new vega.View(vega.parse(compiled), { renderer: 'none', logLevel: vega.Error }).toSVG();
  const coloured = seriesColours.reduce(
    (text, _, i) => text.replaceAll(stand(i), modelColour(i)),
    svg.replaceAll(ink, 'currentColor'),
  );
  return coloured.replace('<svg ', `<svg role="img" aria-label="${escapeHtml(label)}" `);
}

const percentAxis = (title: string) => ({ type: 'quantitative', title, axis: { format: '.0%' }, scale: { domain: [0, 1] } });
/** Models are numbers here; the page says which colour is whose. */
const colourOf = (evaluations: readonly Evaluation[]) => ({
  field: 'model',
  type: 'nominal',
  scale: { domain: evaluations.map((_, i) => i), range: evaluations.map((_, i) => stand(i % seriesColours.length)) },
  legend: null,
});
const offsetOf = (evaluations: readonly Evaluation[]) =>
  evaluations.length > 1 ? { field: 'model', type: 'nominal' } : undefined;

/** Three of them stand side by side on a wide page; one fills a telephone. */
const size = { width: 322, height: 240 };

/**
 * The success curve of the best map without ties at the fixed threshold: it predicts as many pixels as the protocol says, so ciou is c / a or a / c
 * of c predicted pixels and an object of a. Undefined where this is not the evaluation's own ceiling: weights of several annotators are
 * not in an evaluation.
 */
export function ceilingCurve({ protocol, samples, ceiling }: Evaluation): number[] | undefined {
  const rank = fixedRank(protocol);
  const best = samples.flatMap(({ sounding, area: share }) => {
    if (!sounding) return [];
    const area = Math.round(share * protocol.size ** 2);
    const count = rank === undefined ? area : untiedCount(protocol, rank);
    return [area === 0 ? 0 : Math.min(count / area, area / count)];
  });
  const curve = successCurve(best);
  const isSame = (a: number, b: number | undefined) => b !== undefined && Math.abs(a - b) < 1e-9;
  const agrees = isSame(successRate(best, protocol.successAt), ceiling.cIoU) && isSame(areaUnderCurve(curve), ceiling.AUC);
  return agrees ? curve : undefined;
}

/**
 * Share of samples that reach each ciou; the success threshold is marked, and the ceiling is dashed where it is known. `adaptive`: with as many
 * pixels as the object has, where the ceiling is 1.
 */
export function successChart(evaluations: readonly [Evaluation, ...Evaluation[]], adaptive: boolean): Promise<string> {
  const points = (curve: readonly number[], model?: number) =>
    curve.map((share, i) => ({ model, ciou: successThresholds[i], share }));
  const values = evaluations.flatMap(({ successCurve: fixed, successCurveAdap }, i) =>
    points(adaptive ? successCurveAdap : fixed, i),
  );
  const ceiling = adaptive ? undefined : ceilingCurve(evaluations[0]);
  const x = { field: 'ciou', type: 'quantitative', title: 'ciou of at least', scale: { domain: [0, 1] } };
  const y = { field: 'share', ...percentAxis('samples') };
  const spec = {
    ...size,
    layer: [
      {
        data: { values: [{ ciou: evaluations[0].protocol.successAt }] },
        mark: { type: 'rule', color: ink, opacity: 0.4, strokeDash: [2, 3] },
        encoding: { x },
      },
      ...(ceiling
        ? [
            {
              data: { values: points(ceiling) },
              mark: { type: 'line', color: ink, opacity: 0.6, strokeWidth: 1.5, strokeDash: [6, 4] },
              encoding: { x, y },
            },
          ]
        : []),
      { data: { values }, mark: { type: 'line', strokeWidth: 2.5 }, encoding: { x, y, color: colourOf(evaluations) } },
    ],
  };
  return svgOf(spec, `Share of samples by ciou${adaptive ? ', adaptive' : ''}`);
}

/** Success (adaptive) of a group of samples by one model. */
interface Bar {
  model: number;
  group: string;
  share: number;
}

/** The bar of a group for each model that has samples of it. */
const barsOf = (
  evaluations: readonly Evaluation[],
  group: string,
  accept: (sample: Evaluation['samples'][number]) => boolean,
): Bar[] =>
  evaluations.flatMap(({ protocol, samples }, model) => {
    const found = samples.flatMap((sample) => (sample.sounding && accept(sample) ? [sample.ciouAdap ?? -1] : []));
    return found.length > 0 ? [{ model, group, share: successRate(found, protocol.successAt) }] : [];
  });

/** Ranges of sizes that hold equally many samples. */
const sizeGroups = 5;

/** Success by the object's share of the picture, in five groups of about as many samples. */
export function sizeChart(evaluations: readonly [Evaluation, ...Evaluation[]]): Promise<string> {
  const areas = evaluations[0].samples.flatMap(({ sounding, area }) => (sounding ? [area] : [])).sort((a, b) => a - b);
  const edges = [
    ...new Set(Array.from({ length: sizeGroups + 1 }, (_, i) => areas[Math.round((i * (areas.length - 1)) / sizeGroups)]!)),
  ];
  const ranges = edges.slice(1).map((high, i) => ({ low: edges[i]!, high, last: i === edges.length - 2 }));
  if (ranges.length === 0) ranges.push({ low: edges[0]!, high: edges[0]!, last: true });
  const named = (digits: number) =>
    ranges.map(({ low, high }) => [low, high].map((share) => (100 * share).toFixed(digits)).join('–'));
  // As short as they can be and still differ.
  const groups = [0, 1, 2].map(named).find((names) => new Set(names).size === names.length) ?? named(3);
  const values = ranges.flatMap(({ low, high, last }, i) =>
    barsOf(evaluations, groups[i]!, ({ area }) => area >= low && (last ? area <= high : area < high)),
  );
  const spec = {
    ...size,
    data: { values },
    mark: { type: 'bar', cornerRadiusEnd: 3 },
    encoding: {
      x: { field: 'group', type: 'nominal', sort: groups, title: 'per cent of the picture', axis: { labelAngle: 0 } },
      xOffset: offsetOf(evaluations),
      y: { field: 'share', ...percentAxis('success, adaptive') },
      color: colourOf(evaluations),
    },
  };
  return svgOf(spec, 'Success by size of the object');
}

/** Categories shown: the most frequent. */
const shownCategories = 20;

/** Success by category, the most frequent ones, `width` pixels across; undefined where there are none. */
export async function categoryChart(
  evaluations: readonly [Evaluation, ...Evaluation[]],
  width: number,
): Promise<string | undefined> {
  const counts = new Map<string, number>();
  for (const { category, sounding } of evaluations[0].samples)
    if (category !== undefined && sounding) counts.set(category, (counts.get(category) ?? 0) + 1);
  const categories = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, shownCategories);
  if (categories.length < 2) return undefined;
  // Vega makes expressions of names that are sorted, which cannot hold what ends a line.
  const groups = categories.map(([category, n]) => ({
    category,
    group: `${category.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')} (${n})`,
  }));
  const bars = groups.flatMap(({ category, group }) => barsOf(evaluations, group, (sample) => sample.category === category));
  const sorted = bars.filter(({ model }) => model === 0).sort((a, b) => b.share - a.share);
  const step = evaluations.length > 1 ? 6 + 9 * evaluations.length : 22;
  const spec = {
    width,
    height: groups.length * step + 46,
    data: { values: bars },
    mark: { type: 'bar', cornerRadiusEnd: 3 },
    encoding: {
      y: {
        field: 'group',
        type: 'nominal',
        sort: sorted.map(({ group }) => group),
        title: null,
        axis: { labelLimit: Math.min(220, 0.42 * width) },
      },
      yOffset: offsetOf(evaluations),
      x: { field: 'share', ...percentAxis('success, adaptive') },
      color: colourOf(evaluations),
    },
  };
  return svgOf(spec, 'Success by category');
}

/** Points of a curve of training, at most: what lies between two of them is averaged. */
const shownPoints = 240;

/** The loss and its parts by update, each point the mean of some updates. */
export function lossChart({ steps }: TrainingCurve): Promise<string> {
  const bucket = Math.max(1, Math.ceil(steps.length / shownPoints));
  // Some begin later than others.
  const names = ['loss', ...new Set(steps.flatMap(({ terms }) => Object.keys(terms)))];
  const values: { update: number; value: number; part: string }[] = [];
  for (let i = 0; i < steps.length; i += bucket) {
    const some = steps.slice(i, i + bucket);
    const meanOf = (read: (step: TrainingCurve['steps'][number]) => number) =>
      some.reduce((sum, s) => sum + read(s), 0) / some.length;
    for (const part of names) {
      const value = meanOf(({ loss, terms }) => (part === 'loss' ? loss : (terms[part] ?? Number.NaN)));
      if (Number.isFinite(value)) values.push({ update: some.at(-1)!.update, value, part });
    }
  }
  return svgOf(linesOf(values, names, { title: 'loss' }), 'Loss by update');
}

/** Scores of the validations by update. */
export function validationChart({ validations }: TrainingCurve): Promise<string> {
  const names = Object.keys(validations[0]?.scores ?? {});
  const values = validations.flatMap(({ update, scores }) =>
    names.flatMap((part) => (typeof scores[part] === 'number' ? [{ update, value: scores[part], part }] : [])),
  );
  return svgOf(linesOf(values, names, percentAxis('validation')), 'Validation scores by update');
}

/** Lines by update. */
function linesOf(
  values: readonly { update: number; part: string }[],
  names: readonly string[],
  y: object,
): Record<string, unknown> {
  const last = Math.max(...values.map(({ update }) => update));
  const color = {
    field: 'part',
    type: 'nominal',
    scale: { domain: names, range: names.map((_, i) => stand(i % seriesColours.length)) },
    legend: { title: null, orient: 'top', labelColor: ink, labelFontSize: 11, symbolType: 'stroke', columns: 4 },
  };
  const x = { field: 'update', type: 'quantitative', title: 'updates', scale: { domain: [0, last] } };
  return {
    ...size,
    width: 490,
    data: { values },
    mark: { type: 'line', strokeWidth: 2 },
    encoding: { x, y: { field: 'value', type: 'quantitative', ...y }, color },
  };
}
