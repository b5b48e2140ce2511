import { LRUCache } from "lru-cache";

/** Limits of a cache. */
export type ByteCacheOptions<T> = {
  /** Sum of the sizes of all kept values. */
  readonly maxBytes: number;
  /** How long a value is kept after it was last set. */
  readonly ttlSeconds: number;
  /** Bytes that a value holds, at least 1. */
  readonly sizeOf: (value: T) => number;
};

/** Keeps values in memory, bounded in bytes and time; the one used longest ago goes first. */
export type ByteCache<T> = {
  /** Bytes kept at present. */
  readonly bytes: number;
  get(key: string): T | undefined;
  /**
   * Keeps a value as the newest, its time starting anew.
   *
   * @returns Whether it is kept: a value larger than the whole cache is not.
   */
  set(key: string, value: T): boolean;
  /**
   * What `read` finds; kept too, unless the key was deleted meanwhile: it may have been read before that.
   */
  fill<R extends T | undefined>(key: string, read: () => Promise<R>): Promise<R>;
  delete(key: string): void;
  /** Deletes all. */
  clear(): void;
};

/** A new, empty cache. */
export function byteCache<T extends object>(options: ByteCacheOptions<T>): ByteCache<T> {
  const entries = new LRUCache<string, T>({
    maxSize: options.maxBytes,
    ttl: options.ttlSeconds * 1000,
    sizeCalculation: options.sizeOf,
  });
  // A deletion takes the fills that it may be about.
  const fills = new Set<{ readonly key: string }>();
  return {
    get bytes() {
      return entries.calculatedSize;
    },
    get: (key) => entries.get(key),
    set: (key, value) => entries.set(key, value).has(key),
    async fill(key, read) {
      const fill = { key };
      fills.add(fill);
      try {
        const value = await read();
        if (value !== undefined && fills.has(fill)) entries.set(key, value);
        return value;
      } finally {
        fills.delete(fill);
      }
    },
    delete(key) {
      for (const fill of fills) if (fill.key === key) fills.delete(fill);
      entries.delete(key);
    },
    clear() {
      fills.clear();
      entries.clear();
    },
  };
}
