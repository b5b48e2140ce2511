import type { DataType } from "@medv/proto/embedding";
import {
  byteCache,
  embeddingKey,
  packEmbedding,
  type RemoteCache,
  unpackEmbedding,
} from "@medv/runtime";

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

/** Embeddings by digest, bounded in bytes and time: in memory, and in the cache that processes share. */
export type EmbeddingStore = {
  readonly ttlSeconds: number;
  /** Kept at present. */
  readonly bytes: number;
  /** The embedding with this digest in memory, if it is this tenant's. */
  get(digest: string, tenantScope: string): Embedding | undefined;
  /** The same in the shared cache; kept in memory from then on. */
  find(digest: string, tenantScope: string): Promise<Embedding | undefined>;
  /** Puts an embedding into the shared cache; a cache that fails is no error. */
  share(digest: string, embedding: Embedding): Promise<void>;
  /**
   * Forgets an embedding, in both.
   *
   * @throws {DomainError} `unavailable` while the shared cache cannot be reached.
   */
  delete(digest: string, tenantScope: string): Promise<void>;
  /**
   * Keeps an embedding in memory, or keeps it for another full time.
   *
   * @throws {RangeError} If it alone is larger than the store.
   */
  keep(digest: string, embedding: Embedding): void;
  /** Forgets all that is in memory. */
  clear(): void;
};

/** Bounds of the store, and the cache behind it. */
export type EmbeddingStoreOptions = {
  readonly maxBytes: number;
  readonly ttlSeconds: number;
  readonly remote: RemoteCache;
};

/** A new store with nothing in memory. */
export function embeddingStore(options: EmbeddingStoreOptions): EmbeddingStore {
  const { maxBytes, ttlSeconds, remote } = options;
  const cache = byteCache<Embedding>({
    maxBytes,
    ttlSeconds,
    sizeOf: ({ bytes }) => bytes.byteLength,
  });
  const get = (digest: string, tenantScope: string): Embedding | undefined => {
    const embedding = cache.get(digest);
    return embedding?.tenantScope === tenantScope ? embedding : undefined;
  };
  return {
    ttlSeconds,
    get bytes() {
      return cache.bytes;
    },
    get,
    find: (digest, tenantScope) =>
      cache.fill(digest, async () => {
        const packed = await remote.get({ tenantScope, key: embeddingKey(digest) });
        if (packed === undefined) return undefined;
        const { handle, bytes } = unpackEmbedding(packed);
        const { preprocessingVersion, dtype, shape } = handle;
        return { tenantScope, preprocessingVersion, dtype, shape, bytes };
      }),
    async share(digest, embedding) {
      const { tenantScope, bytes, shape, ...fields } = embedding;
      const handle = { ...fields, digest, tenantScope, shape: [...shape] };
      const name = { tenantScope, key: embeddingKey(digest) };
      await remote.set(name, packEmbedding(handle, bytes), ttlSeconds);
    },
    async delete(digest, tenantScope) {
      const kept = cache.get(digest);
      if (kept === undefined || kept.tenantScope === tenantScope) cache.delete(digest);
      await remote.delete({ tenantScope, key: embeddingKey(digest) });
    },
    keep(digest, embedding) {
      if (cache.set(digest, embedding)) return;
      throw new RangeError(
        `Cannot keep an embedding of ${embedding.bytes.byteLength} bytes as the store holds ${maxBytes}: raise MEDV_EMBEDDING_CACHE_BYTES`,
      );
    },
    clear: () => cache.clear(),
  };
}
