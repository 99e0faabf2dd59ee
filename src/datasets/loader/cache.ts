/** Keeps decoded features until their memory is used up; what is in it stays. */

/** Bytes that caches share. */
export interface MemoryBudget {
  free: number;
}

/**
 * Every epoch asks for everything once, so the thing to throw away for something new is always what will be needed sooner: instead of
 * evicting, the cache fills up and then serves its share of every later epoch.
 */
export class FeatureCache<T> {
  readonly #kept = new Map<string, T>();

  constructor(readonly budget: MemoryBudget) {}

  get(key: string): T | undefined {
    return this.#kept.get(key);
  }

  /** Keeps an entry of `bytes` bytes, made only if there is room for it. */
  keep(key: string, bytes: number, make: () => T): void {
    const needed = bytes + 2 * key.length;
    if (needed > this.budget.free || this.#kept.has(key)) return;
    this.budget.free -= needed;
    this.#kept.set(key, make());
  }
}
