/** The style sheet of a report: system fonts, light and dark, narrow and wide, on paper too. */
import { legendColours, seriesColours } from './palette.js';

const models = (ground: 'light' | 'dark') => seriesColours.map((colour, i) => `--model-${i}: ${colour[ground]};`).join(' ');

export const style = `
:root { color-scheme: light dark; --paper: #fbfaf8; --panel: #ffffff; --ink: #1d2126; --soft: #656d76; --line: #e3e1dc; --accent: #0072b2; ${models('light')} }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171a; --panel: #1d2125; --ink: #e9e7e2; --soft: #9aa2ab; --line: #32373d; --accent: #56b4e9; ${models('dark')} }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main, header, footer { max-width: 1160px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 48px; padding-bottom: 8px; }
header .kicker { margin: 0; color: var(--accent); font-weight: 600; letter-spacing: .04em; }
h1 { margin: 4px 0 12px; font-size: clamp(28px, 4.4vw, 44px); line-height: 1.12; letter-spacing: -.02em; font-weight: 680; overflow-wrap: anywhere; }
h2 { margin: 56px 0 4px; font-size: 24px; letter-spacing: -.01em; }
h3 { margin: 0; font-size: 15px; font-weight: 600; }
p { max-width: 74ch; }
.soft, figcaption, caption, small { color: var(--soft); }
section > p.soft { margin-top: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 16px; margin: 20px 0 8px; }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px 18px; }
.card .big { font-size: 34px; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; line-height: 1.2; }
.card .big small { font-size: 14px; font-weight: 400; letter-spacing: 0; margin-left: 6px; }
.card .name { color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
.card .beside { display: flex; flex-wrap: wrap; gap: 0 12px; margin: 12px 0 0; font-size: 12px; color: var(--soft); font-variant-numeric: tabular-nums; }
.bar { position: relative; height: 8px; margin: 8px 0 10px; border-radius: 4px; background: color-mix(in srgb, var(--ink) 10%, transparent); }
.bar i { position: absolute; top: 0; bottom: 0; left: 0; border-radius: 4px; background: var(--model); }
.bar b { position: absolute; top: -4px; bottom: -4px; width: 2px; margin-left: -1px; background: var(--ink); }
.bar b.centre { background: none; border-left: 2px dotted var(--ink); }
.key { display: flex; flex-wrap: wrap; gap: 4px 22px; font-size: 13px; color: var(--soft); }
.key span { display: inline-flex; align-items: center; gap: 7px; }
.key b { display: inline-block; width: 2px; height: 14px; background: var(--ink); }
.key b.centre { background: none; border-left: 2px dotted var(--ink); }
.key s { display: inline-block; width: 22px; border-top: 2px dashed var(--soft); }
.key s.dotted { width: 0; height: 14px; border-top: 0; border-left: 2px dotted var(--soft); }
.key em { display: inline-block; width: 12px; height: 12px; border-radius: 3px; background: var(--model); }
.scroll { overflow-x: auto; margin: 16px 0; background: var(--panel); border: 1px solid var(--line); border-radius: 12px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
caption { padding: 12px 16px; text-align: left; font-size: 13px; position: sticky; left: 0; max-width: calc(100vw - 50px); }
th, td { padding: 7px 10px; text-align: right; white-space: nowrap; }
th[scope=row], thead th:first-child, tr.block th { text-align: left; }
th[scope=row] { font-weight: 400; white-space: normal; min-width: 150px; }
thead th { font-weight: 600; border-bottom: 1px solid var(--line); vertical-align: bottom; }
tr.block th { padding-top: 14px; color: var(--soft); font-weight: 600; font-size: 13px; }
tr.measured { font-weight: 600; }
tr.measured th[scope=row] { font-weight: 650; }
tr.baseline, tr.ceiling { color: var(--soft); }
td small { display: block; font-size: 11px; font-weight: 400; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 16px; margin-top: 16px; }
.chart { margin: 0; background: var(--panel); border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; }
.chart svg { display: block; width: 100%; height: auto; max-width: 480px; margin: 10px auto 0; }
.chart.wide, .chart.narrow { grid-column: 1 / -1; }
.chart.wide svg { max-width: none; }
.chart.narrow { display: none; }
@media (max-width: 860px) { .chart.wide { display: none; } .chart.narrow { display: block; } }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 18px; margin-top: 16px; }
.gallery figure, .sounds figure, .nearest figure { margin: 0; background: var(--panel); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; display: flex; flex-direction: column; }
.gallery img, .sounds img, .nearest img { display: block; width: 100%; height: auto; }
.none { display: grid; place-items: center; aspect-ratio: 1; padding: 16px; text-align: center; font-size: 13px; color: var(--soft); background: color-mix(in srgb, var(--ink) 6%, transparent); }
.gallery.pairs { grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); }
@media (max-width: 560px) {
  .gallery:not(.pairs) { grid-template-columns: 1fr 1fr; gap: 14px; }
  th, td { padding: 7px 8px; }
  th[scope=row] { min-width: 100px; }
}
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 2px; }
.pair p { display: flex; justify-content: space-between; gap: 8px; margin: 0; padding: 8px 12px 0; font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
.pair p strong { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
.pairs figcaption { padding-bottom: 0; }
.pairs audio { margin-bottom: 12px; }
.silent { margin: 8px 12px 0; font-size: 13px; color: var(--soft); }
figcaption { padding: 10px 12px 12px; font-size: 13px; line-height: 1.4; overflow-wrap: anywhere; }
figcaption span { white-space: nowrap; }
figcaption strong { color: var(--ink); font-size: 15px; font-weight: 600; }
audio { display: block; width: calc(100% - 16px); height: 34px; margin: 8px 8px 0; }
.panels { display: grid; grid-template-columns: repeat(2, 1fr); gap: 24px 28px; margin-top: 20px; }
.panels > .many { grid-column: 1 / -1; }
.picture + .picture { margin-top: 24px; }
.panels .picture { margin-top: 0; }
.sounds { display: grid; grid-template-columns: repeat(2, 1fr); gap: 14px; margin-top: 8px; }
.many .sounds { grid-template-columns: repeat(4, 1fr); }
@media (max-width: 760px) { .panels { grid-template-columns: 1fr; } .many .sounds { grid-template-columns: repeat(2, 1fr); } }
.nearest { display: grid; grid-template-columns: repeat(6, 1fr); gap: 12px; margin-top: 8px; }
.nearest audio { width: calc(100% - 8px); margin: 8px 4px 0; }
@media (max-width: 760px) { .nearest { grid-template-columns: repeat(3, 1fr); } }
.right { outline: 3px solid #009e73; outline-offset: -3px; }
.legend { height: 10px; width: 180px; border-radius: 5px; background: linear-gradient(90deg, ${legendColours.join(', ')}); }
ul.missing { columns: 2 340px; font-size: 14px; padding-left: 18px; overflow-wrap: anywhere; }
footer { margin-top: 72px; padding-top: 16px; padding-bottom: 48px; border-top: 1px solid var(--line); font-size: 13px; color: var(--soft); }
@media print { body { background: #fff; } audio { display: none; } section, figure, .card { break-inside: avoid; } }
`;
