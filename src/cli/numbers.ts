/** Numbers on the command line. */
import { InvalidArgumentError } from 'commander';

/** A whole number of at least 1. */
export function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || text.trim() === '')
    throw new InvalidArgumentError(`Expected a whole number of at least 1.`);
  return value;
}

/** Reads whole numbers between two. */
export const countFrom =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least || value > most || text.trim() === '')
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    return value;
  };

/** Threads of ONNX Runtime: it starts as many as it is told. */
export const threads = countFrom(1, 256);

/** Side of the square that a trained model sees, in pixels. */
export const modelSize = countFrom(32, 4096);

/** A day: more than that is a slip, and more than some timers take. */
const longest = 86_400;

/** A time in seconds, from 0 to a day. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= longest) || text.trim() === '')
    throw new InvalidArgumentError(`Expected a number of seconds, from 0 to ${longest}.`);
  return value;
}

/** A length in seconds, more than 0. */
export function duration(text: string): number {
  const value = seconds(text);
  if (value === 0) throw new InvalidArgumentError('Expected more than 0 seconds.');
  return value;
}
