/** Finding the sound to a picture and the picture to a sound. */
export { sessionRanks } from './product.js';
