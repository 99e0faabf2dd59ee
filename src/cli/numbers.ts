/** Numbers on the command line. */
import { InvalidArgumentError } from 'commander';

/** A whole number of at least 1. */
export function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || text.trim() === '')
    throw new InvalidArgumentError(`Expected a whole number of at least 1.`);
  return value;
}

/** A time in seconds, at least 0. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || text.trim() === '')
    throw new InvalidArgumentError('Expected a number of seconds, at least 0.');
  return value;
}

/** A length in seconds, more than 0. */
export function duration(text: string): number {
  const value = seconds(text);
  if (value === 0) throw new InvalidArgumentError('Expected more than 0 seconds.');
  return value;
}
