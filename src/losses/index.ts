export { infoNce } from './infoNce.js';
export { cosine, crossSimilarity, peakSimilarity, topSimilarity } from './similarity.js';
