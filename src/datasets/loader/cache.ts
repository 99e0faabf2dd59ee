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

  constructor(
    readonly budget: MemoryBudget,
    readonly bytesOf: (entry: T) => number,
  ) {}

  /** The entry kept under `key`, or a new one, kept if it fits. Nothing is kept when `make` throws. */
  async get(key: string, make: () => Promise<T>): Promise<T> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const entry = await make();
    const bytes = this.bytesOf(entry) + 2 * key.length;
    if (bytes <= this.budget.free && !this.#kept.has(key)) {
      this.budget.free -= bytes;
      this.#kept.set(key, entry);
    }
    return entry;
  }
}
