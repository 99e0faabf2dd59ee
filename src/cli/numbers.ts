/** Numbers on the command line. */
import { InvalidArgumentError } from 'commander';

/** A whole number of at least 1. */
export function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || text.trim() === '')
    throw new InvalidArgumentError(`Expected a whole number of at least 1.`);
  return value;
}

/** Seconds, at least 0. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || text.trim() === '')
    throw new InvalidArgumentError('Expected a number of seconds, at least 0.');
  return value;
}
