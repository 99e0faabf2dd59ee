import { MediaError, type MediaProblem } from '../../src/media/types.js';

/** What is wrong with a file; anything but a MediaError is thrown on. */
export const problemOf = (error: unknown): MediaProblem => {
  if (error instanceof MediaError) return error.problem;
  throw error;
};
