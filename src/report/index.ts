/** Evaluations to look at: tables, summaries, overlays and pages. */
export { type OverlayOptions, overlay } from './overlay.js';
export { type ReportOptions, reportPage } from './page.js';
export { summary } from './summary.js';
export { type TableFormat, type TableOptions, table, tableFormats } from './tables.js';
