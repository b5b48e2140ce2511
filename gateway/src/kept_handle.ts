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

/** The inverse of {@link encodeHandle}. */
export function decodeHandle(bytes: Uint8Array): EmbeddingHandle {
  return fromBinary(EmbeddingHandleSchema, bytes);
}
