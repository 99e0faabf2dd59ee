/** Colours of charts and heatmaps. */

/** Colours of models, which everyone can tell apart on light and dark ground (Okabe and Ito, 2008). */
export const seriesColours: readonly string[] = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

/** Ten steps of inferno (van der Walt and Smith, 2015): brightness grows with the value, also for the colour-blind. */
export const legendColours: readonly string[] = [
  '#000004',
  '#1b0c41',
  '#4a0c6b',
  '#781c6d',
  '#a52c60',
  '#cf4446',
  '#ed6925',
  '#fb9b06',
  '#f7d13d',
  '#fcffa4',
];
