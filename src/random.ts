/** Seeded pseudo-random numbers, the same on every machine: initial weights, dropout masks, shuffling. */

/** Avalanches 32 bits: the finalizer of MurmurHash3. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32 bits that depend on every 32-bit half of the numbers and every character of the strings, and on their order. */
function hash(parts: readonly (number | string)[], salt: number): number {
  let h = mix(salt);
  for (const part of parts) {
    const words =
      typeof part === 'string' ? [...part].map((c) => c.codePointAt(0)!) : [part >>> 0, Math.floor(part / 2 ** 32) | 0];
    for (const word of [...words, words.length]) h = mix((Math.imul(h, 31) + word + 0x9e3779b9) | 0);
  }
  return h;
}

const rotl = (x: number, k: number) => (x << k) | (x >>> (32 - k));

/**
 * The generator xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021): period 2^128 - 1,
 * each call gives 32 uniform bits. `state` holds four 32-bit words, not all zero, and is advanced in place.
 */
export function xoshiro128(state: Int32Array): number {
  const s1 = state[1]!;
  const result = Math.imul(rotl(Math.imul(s1, 5), 7), 9);
  const s2 = state[2]! ^ state[0]!;
  const s3 = state[3]! ^ s1;
  state[1] = s1 ^ s2;
  state[0] = state[0]! ^ s3;
  state[2] = s2 ^ (s1 << 9);
  state[3] = rotl(s3, 11);
  return result >>> 0;
}

/**
 * A stream of random numbers named by a seed and, so that independent streams need no shared order, by further numbers or strings:
 * `new Random(seed, epoch)`, `new Random(seed, 'conv1.weight')`. Numbers must be safe integers (RangeError otherwise).
 */
export class Random {
  readonly #state: Int32Array;
  #spare: number | undefined;

  constructor(seed: number, ...stream: readonly (number | string)[]) {
    const parts = [seed, ...stream];
    for (const part of parts)
      if (typeof part === 'number' && !Number.isSafeInteger(part))
        throw new RangeError(`Random: a seed must be a whole number of at most 53 bits, got ${part}`);
    // The third word is odd: the state is never all zeros.
    this.#state = Int32Array.of(hash(parts, 1), hash(parts, 2), hash(parts, 3) | 1, hash(parts, 4));
  }

  /** Uniform in [0, 1), a multiple of 2^-32. */
  uniform(): number {
    return xoshiro128(this.#state) * 2 ** -32;
  }

  /** A whole number from 0 to `count` - 1, each as likely. */
  below(count: number): number {
    return Math.floor(count * this.uniform());
  }

  /** Normally distributed with mean 0 and variance 1 (Box and Muller). */
  normal(): number {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare !== undefined) return spare;
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}
