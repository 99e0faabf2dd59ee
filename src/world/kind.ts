/** What a kind of objects is. */
import type { Random } from '../random.js';
import type { Pen } from './pen.js';

/** Something that stands in pictures and is never heard. */
export interface SilentKind {
  name: string;
  /** Draws an instance within about [-1, 1], y down: shapes and proportions vary, and mirroring leaves it what it is. */
  draw(pen: Pen): void;
}

export interface Kind extends SilentKind {
  /** Sounds an instance for so many seconds, from about its beginning; level and background are added later. */
  sound(random: Random, seconds: number): Float32Array;
}
