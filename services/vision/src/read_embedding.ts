import { DomainError } from "@medv/proto";
import type { ReadEmbeddingRequest } from "@medv/proto/vision";
import { handleOf, type HandleInit } from "./embedding_handle.ts";
import type { EmbeddingStore } from "./embedding_store.ts";

/** One message of the answer to ReadEmbedding. */
export type EmbeddingChunk = { readonly handle?: HandleInit; readonly chunk: Uint8Array };

/** Up to 16 messages wait on each side for a slow reader, so they are kept small. */
export const CHUNK_BYTES = 256 << 10;

/**
 * The ReadEmbedding handler: a kept embedding in chunks, its handle with the first.
 *
 * @throws {DomainError} `embedding_not_found` if it is not (or no longer) kept, or another tenant's.
 */
export function createReadEmbedding(
  store: EmbeddingStore,
  towerDigest: string,
): (request: ReadEmbeddingRequest) => AsyncGenerator<EmbeddingChunk> {
  return async function* ({ digest, tenantScope }) {
    const kept = store.get(digest, tenantScope);
    if (kept !== undefined) store.keep(digest, kept);
    const embedding = kept ?? (await store.find(digest, tenantScope));
    if (embedding === undefined) {
      throw new DomainError(
        "embedding_not_found",
        "Cannot read the embedding as it is not kept for this tenant",
        { field: "digest", hint: "encode the image again" },
      );
    }
    const { bytes } = embedding;
    const handle = handleOf(digest, embedding, towerDigest, store.ttlSeconds);
    yield { handle, chunk: bytes.subarray(0, CHUNK_BYTES) };
    for (let start = CHUNK_BYTES; start < bytes.byteLength; start += CHUNK_BYTES) {
      yield { chunk: bytes.subarray(start, start + CHUNK_BYTES) };
    }
  };
}
