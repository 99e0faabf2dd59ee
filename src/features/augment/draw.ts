/** What augmentations draw from a stream of random numbers. */
import type { Random } from '../../random.js';

/** [lowest, highest]. */
export type Range = readonly [number, number];

/** Uniform between the two numbers of a range. */
export const drawWithin = ([lowest, highest]: Range, random: Random): number => lowest + (highest - lowest) * random.uniform();

/** True with the given probability: never for 0, always for 1. */
export const drawChance = (probability: number, random: Random): boolean => random.uniform() < probability;
