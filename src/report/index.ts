/** Evaluations to look at: tables, summaries, overlays and pages. */
export { type ColourBarOptions, withColourBar } from './colourBar.js';
export { type OverlayOptions, overlay } from './overlay.js';
export { type ReportOptions, reportPage } from './page.js';
export { type Panel, type PanelsOptions, panels } from './panels.js';
export { summary } from './summary.js';
export { type TableFormat, type TableOptions, table, tableFormats } from './tables.js';
export { drawText, type Rgb, type TextOptions, textSize } from './text.js';
