/** Charts as SVG text, made without a browser by Vega-Lite. */
import type { TopLevelSpec } from 'vega-lite';
import type { Evaluation } from '../evaluation/evaluation.js';
import { successThresholds } from '../metrics/success.js';
import { escapeHtml } from './html.js';
import { seriesColours } from './palette.js';

/** Text and lines take the page's colour: this one is replaced by `currentColor`. */
const ink = '#123456';
const font = 'system-ui, sans-serif';

const config = {
  font,
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
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal' as const,
    labelLimit: 220,
  },
  legend: { labelColor: ink, titleColor: ink, labelFontSize: 12, orient: 'bottom' as const, title: null, labelLimit: 260 },
  range: { category: [...seriesColours] },
};

/** `label` is read out in place of the picture. */
async function svgOf(spec: Record<string, unknown>, label: string): Promise<string> {
  const [vega, lite] = await Promise.all([import('vega'), import('vega-lite')]);
  const { spec: compiled } = lite.compile({ ...spec, config } as unknown as TopLevelSpec);
  const svg = await new vega.View(vega.parse(compiled), { renderer: 'none', logLevel: vega.Error }).toSVG();
  return svg.replaceAll(ink, 'currentColor').replace('<svg ', `<svg role="img" aria-label="${escapeHtml(label)}" `);
}

const percentAxis = (title: string) => ({ type: 'quantitative', title, axis: { format: '.0%' }, scale: { domain: [0, 1] } });
const seriesOf = (evaluations: readonly Evaluation[]) => ({
  field: 'model',
  type: 'nominal',
  scale: { domain: evaluations.map(({ model }) => model) },
  legend: evaluations.length > 1 ? undefined : null,
});

/** Share of samples that reach each ciou; the success threshold is marked. `adaptive`: with as many pixels as the object has. */
export function successChart(evaluations: readonly Evaluation[], adaptive: boolean): Promise<string> {
  const values = evaluations.flatMap(({ model, successCurve, successCurveAdap }) =>
    (adaptive ? successCurveAdap : successCurve).map((share, i) => ({ model, ciou: successThresholds[i], share })),
  );
  const spec = {
    width: 400,
    height: 240,
    layer: [
      {
        data: { values: [{ at: evaluations[0]!.protocol.successAt }] },
        mark: { type: 'rule', color: ink, opacity: 0.4, strokeDash: [4, 4] },
        encoding: { x: { field: 'at', type: 'quantitative' } },
      },
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 2.5, interpolate: 'linear' },
        encoding: {
          x: { field: 'ciou', type: 'quantitative', title: 'ciou of at least', scale: { domain: [0, 1] } },
          y: { field: 'share', ...percentAxis('samples') },
          color: seriesOf(evaluations),
        },
      },
    ],
  };
  return svgOf(spec, `Share of samples by ciou${adaptive ? ', adaptive' : ''}`);
}

/** Success (adaptive) of groups of samples, a bar for each model. */
interface Bar {
  model: string;
  group: string;
  share: number;
}

const successOf = ({ protocol, samples }: Evaluation, accept: (sample: Evaluation['samples'][number]) => boolean): number => {
  const chosen = samples.filter((sample) => sample.sounding && accept(sample));
  return chosen.filter(({ ciouAdap }) => (ciouAdap ?? -1) >= protocol.successAt).length / chosen.length;
};

/** Ranges of sizes that hold equally many samples. */
const sizeGroups = 5;

/** Success by the object's share of the picture, in five groups of about as many samples. */
export function sizeChart(evaluations: readonly Evaluation[]): Promise<string> {
  const areas = evaluations[0]!.samples.flatMap(({ sounding, area }) => (sounding ? [area] : [])).sort((a, b) => a - b);
  const edges = [
    ...new Set(Array.from({ length: sizeGroups + 1 }, (_, i) => areas[Math.round((i * (areas.length - 1)) / sizeGroups)]!)),
  ];
  const ranges = edges.slice(1).map((high, i) => ({ low: edges[i]!, high, last: i === edges.length - 2 }));
  if (ranges.length === 0) ranges.push({ low: edges[0]!, high: edges[0]!, last: true });
  const name = (share: number) => (100 * share).toFixed(share < 0.095 ? 1 : 0);
  const groups = ranges.map(({ low, high }) => `${name(low)}–${name(high)} %`);
  const values = evaluations.flatMap((evaluation) =>
    ranges.map(({ low, high, last }, i): Bar => {
      const share = successOf(evaluation, ({ area }) => area >= low && (last ? area <= high : area < high));
      return { model: evaluation.model, group: groups[i]!, share };
    }),
  );
  const spec = {
    width: 400,
    height: 240,
    data: { values },
    mark: { type: 'bar', cornerRadiusEnd: 3 },
    encoding: {
      x: { field: 'group', type: 'nominal', sort: groups, title: 'size of the object, of the picture', axis: { labelAngle: 0 } },
      xOffset: evaluations.length > 1 ? { field: 'model', sort: evaluations.map(({ model }) => model) } : undefined,
      y: { field: 'share', ...percentAxis('success, adaptive') },
      color: seriesOf(evaluations),
    },
  };
  return svgOf(spec, 'Success by size of the object');
}

/** Categories shown: the most frequent. */
const shownCategories = 20;

/** Success by category, the most frequent ones; undefined where there are none. */
export async function categoryChart(evaluations: readonly Evaluation[]): Promise<string | undefined> {
  const counts = new Map<string, number>();
  for (const { category, sounding } of evaluations[0]!.samples)
    if (category !== undefined && sounding) counts.set(category, (counts.get(category) ?? 0) + 1);
  const categories = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, shownCategories);
  if (categories.length < 2) return undefined;
  const bars = categories.map(([category, n]) => ({ category, group: `${category} (${n})` }));
  const values = evaluations.flatMap((evaluation) =>
    bars.map(({ category, group }): Bar => {
      return { model: evaluation.model, group, share: successOf(evaluation, (sample) => sample.category === category) };
    }),
  );
  const first = new Map(values.slice(0, bars.length).map(({ group, share }) => [group, share]));
  const spec = {
    width: 640,
    height: { step: evaluations.length > 1 ? 14 : 24 },
    data: { values },
    mark: { type: 'bar', cornerRadiusEnd: 3 },
    encoding: {
      y: {
        field: 'group',
        type: 'nominal',
        sort: bars.map(({ group }) => group).sort((a, b) => first.get(b)! - first.get(a)!),
        title: null,
      },
      yOffset: evaluations.length > 1 ? { field: 'model', sort: evaluations.map(({ model }) => model) } : undefined,
      x: { field: 'share', ...percentAxis('success, adaptive') },
      color: seriesOf(evaluations),
    },
  };
  return svgOf(spec, 'Success by category');
}
