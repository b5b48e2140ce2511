import { LRUCache } from "lru-cache";
import { untilAborted } from "./until_aborted.ts";

export type SharedCacheOptions<V> = {
  /** Bound on the sum of `sizeOf`. */
  readonly maxSize: number;
  readonly ttlMs: number;
  readonly sizeOf: (value: V) => number;
};

/** How a value is made, and for how long it then holds: as long as all values where that is missing. */
export type Making<V> = { readonly produce: () => Promise<V>; readonly ttlMs?: number };

/** A bounded cache in which callers that want the same missing value at once share one run. */
export class SharedCache<V extends object> {
  readonly #values: LRUCache<string, V>;
  readonly #pending = new Map<string, Promise<V>>();

  constructor(options: SharedCacheOptions<V>) {
    const { maxSize, ttlMs, sizeOf } = options;
    this.#values = new LRUCache({ maxSize, ttl: ttlMs, sizeCalculation: sizeOf });
  }

  /**
   * The value under `key`, made if it is missing. A caller that goes away stops waiting; the run goes on
   * for the others and for the cache. A failed run is not kept.
   */
  async get(key: string, making: Making<V>, signal: AbortSignal): Promise<V> {
    const kept = this.#values.get(key);
    if (kept !== undefined) return kept;
    return await untilAborted(this.#pending.get(key) ?? this.#run(key, making), signal);
  }

  /** The value under `key`, once the run for it is over; undefined if there is none. */
  async settled(key: string): Promise<V | undefined> {
    // A run that fails has its callers to tell.
    return this.#values.get(key) ?? (await this.#pending.get(key)?.catch(() => undefined));
  }

  /** Sum of the sizes of what is kept. */
  get size(): number {
    return this.#values.calculatedSize;
  }

  /** Whether a value is kept or on its way. */
  has(key: string): boolean {
    return this.#values.has(key) || this.#pending.has(key);
  }

  /** The value under `key`, if it is kept. */
  peek(key: string): V | undefined {
    return this.#values.get(key);
  }

  /** Keeps a value that needed no run. */
  set(key: string, value: V): void {
    this.#values.set(key, value);
  }

  /** Forgets `key`; a run under way still answers those who wait for it but is not kept. */
  delete(key: string): void {
    this.#values.delete(key);
    this.#pending.delete(key);
  }

  #run(key: string, { produce, ttlMs }: Making<V>): Promise<V> {
    const run = produce();
    this.#pending.set(key, run);
    void this.#settle(key, run, ttlMs);
    return run;
  }

  /** Keeps the value of a run, unless its key was deleted meanwhile. */
  async #settle(key: string, run: Promise<V>, ttlMs?: number): Promise<void> {
    const isCurrent = (): boolean => this.#pending.get(key) === run;
    try {
      const value = await run;
      if (isCurrent()) this.#values.set(key, value, ttlMs === undefined ? {} : { ttl: ttlMs });
    } catch {
      // Those who wait for the run get its error.
    } finally {
      if (isCurrent()) this.#pending.delete(key);
    }
  }
}
