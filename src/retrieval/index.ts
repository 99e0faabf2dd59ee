/** Finding pictures by sound and sounds by picture. */
export { examplesOf, nearest, type RetrievalExample } from './nearest.js';
export { sessionRanks } from './product.js';
export { retrievalScores } from './scores.js';
