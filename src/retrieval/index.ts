/** Finding pictures by sound and sounds by picture. */
export { nearest } from './nearest.js';
export { sessionRanks } from './product.js';
export { retrievalScores } from './scores.js';
