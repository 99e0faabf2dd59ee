/** Colours of charts and heatmaps. */

/** Colours of models, which everyone can tell apart (after Okabe and Ito, 2008): on light ground, and brighter ones on dark. */
export const seriesColours: readonly { light: string; dark: string }[] = [
  { light: '#0072b2', dark: '#4aa3df' },
  { light: '#d55e00', dark: '#f0803c' },
  { light: '#009e73', dark: '#2bbd92' },
  { light: '#b8578f', dark: '#d98dba' },
  { light: '#b88000', dark: '#e9b13a' },
  { light: '#5a6672', dark: '#b8c0c8' },
];

/** The colour of a model by its place in the list, as style sheets name it: `var(--model-0)`. */
export const modelColour = (place: number): string => `var(--model-${place % seriesColours.length})`;

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
