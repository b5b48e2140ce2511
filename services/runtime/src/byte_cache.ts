import { LRUCache } from "lru-cache";

/** How much a memory tier keeps, and for how long. */
export type ByteCacheOptions<V> = {
  readonly maxBytes: number;
  readonly ttlSeconds: number;
  /** Size of a value in bytes, at least 1. */
  readonly sizeOf: (value: V) => number;
};

/**
 * A memory tier bounded in bytes: the least recently used value goes first, and none outlives its time. A value that
 * is larger than the whole tier is not kept.
 */
export function byteCache<V extends object>(options: ByteCacheOptions<V>): LRUCache<string, V> {
  return new LRUCache<string, V>({
    maxSize: options.maxBytes,
    sizeCalculation: options.sizeOf,
    ttl: options.ttlSeconds * 1000,
  });
}
