import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type EmbeddingHandle, EmbeddingHandleSchema } from "@medv/proto/embedding";
import type { CacheName } from "@medv/runtime/remote_cache/cache_connection";

/** Where gateways share the handle of an image's embedding. */
export function handleName(tenantScope: string, imageKey: string): CacheName {
  return { tenantScope, key: `handle/${imageKey}` };
}

/** A handle as it lies in the shared cache. */
export function encodeHandle(handle: EmbeddingHandle): Uint8Array {
  return toBinary(EmbeddingHandleSchema, handle);
}

/** The inverse of {@link encodeHandle}; undefined for what cannot be read, as of a gateway of another version. */
export function decodeHandle(bytes: Uint8Array): EmbeddingHandle | undefined {
  try {
    return fromBinary(EmbeddingHandleSchema, bytes);
  } catch {
    return undefined;
  }
}
