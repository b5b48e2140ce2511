import type { EmbeddingHandle } from "@medv/proto/embedding";
import type { Embedding } from "./embedding_store.ts";

/** The fields of a handle, before it is a message. */
export type HandleInit = Omit<EmbeddingHandle, "$typeName" | "$unknown" | "expiresAt"> & {
  readonly expiresAt: { readonly seconds: bigint };
};

/** The handle of an embedding that is kept for `ttlSeconds` from now. */
export function handleOf(
  digest: string,
  embedding: Embedding,
  towerDigest: string,
  ttlSeconds: number,
): HandleInit {
  return {
    digest,
    shape: [...embedding.shape],
    dtype: embedding.dtype,
    towerDigest,
    preprocessingVersion: embedding.preprocessingVersion,
    tenantScope: embedding.tenantScope,
    expiresAt: { seconds: BigInt(Math.floor(Date.now() / 1000 + ttlSeconds)) },
  };
}
