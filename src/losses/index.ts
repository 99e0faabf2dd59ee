export { infoNce } from './infoNce.js';
export { cosine, crossSimilarity, peakSimilarity } from './similarity.js';
