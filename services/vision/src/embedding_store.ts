import type { DataType } from "@medv/proto/embedding";
import { byteCache } from "@medv/runtime";

/** The tower's output for one image of one tenant. */
export type Embedding = {
  readonly tenantScope: string;
  readonly preprocessingVersion: string;
  readonly dtype: DataType;
  /** `[tiles, patches, hidden]` */
  readonly shape: readonly number[];
  /** Row-major, little-endian. */
  readonly bytes: Uint8Array;
};

/** Embeddings by digest, bounded in bytes and time. */
export type EmbeddingStore = {
  readonly ttlSeconds: number;
  /** Kept at present. */
  readonly bytes: number;
  /** The embedding with this digest, if it is this tenant's. */
  get(digest: string, tenantScope: string): Embedding | undefined;
  /**
   * Keeps an embedding, or keeps it for another full time.
   *
   * @throws {RangeError} If it alone is larger than the store.
   */
  keep(digest: string, embedding: Embedding): void;
};

/** The memory tier of the vision service. */
export function embeddingStore(maxBytes: number, ttlSeconds: number): EmbeddingStore {
  const cache = byteCache<Embedding>({
    maxBytes,
    ttlSeconds,
    sizeOf: ({ bytes }) => bytes.byteLength,
  });
  return {
    ttlSeconds,
    get bytes() {
      return cache.bytes;
    },
    get(digest, tenantScope) {
      const embedding = cache.get(digest);
      return embedding?.tenantScope === tenantScope ? embedding : undefined;
    },
    keep(digest, embedding) {
      if (cache.set(digest, embedding)) return;
      throw new RangeError(
        `Cannot keep an embedding of ${embedding.bytes.byteLength} bytes as the store holds ${maxBytes}: raise MEDV_EMBEDDING_CACHE_BYTES`,
      );
    },
  };
}
