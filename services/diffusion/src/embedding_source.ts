import { DomainError } from "@medv/proto";
import { DataType, type EmbeddingHandle } from "@medv/proto/embedding";
import type { ReadEmbeddingResponse } from "@medv/proto/vision";
import { type ByteCache, embeddingKey, type RemoteCache, unpackEmbedding } from "@medv/runtime";

/** Where an embedding was found: in memory, in the cache that processes share, or at the vision service. */
export type EmbeddingOrigin = "memory" | "shared_cache" | "pulled";

/** An embedding as float32, `[tiles * patches, hidden]`, and where it came from. */
export type EmbeddingRows = { readonly data: Float32Array; readonly origin: EmbeddingOrigin };

export type EmbeddingSourceOptions = {
  readonly cache: ByteCache<Uint8Array>;
  readonly remote: RemoteCache;
  readonly read: (
    request: { readonly digest: string; readonly tenantScope: string },
    signal: AbortSignal,
  ) => AsyncIterable<ReadEmbeddingResponse>;
  /** What this checkpoint's projector fits. */
  readonly towerDigest: string;
  readonly patches: number;
  readonly hidden: number;
};

/**
 * Finds an embedding by its handle: in memory, in the shared cache, else pulled from the vision service. Digest, shape, dtype and size are
 * checked before use.
 *
 * @throws {DomainError} `embedding_not_found` or `embedding_mismatch`.
 */
export async function readEmbedding(
  handle: EmbeddingHandle,
  options: EmbeddingSourceOptions,
  signal: AbortSignal,
): Promise<EmbeddingRows> {
  checkHandle(handle, options);
  const key = memoryKey(handle);
  const kept = options.cache.get(key);
  if (kept !== undefined) return { data: toFloat32(kept, handle.dtype), origin: "memory" };

  let origin: EmbeddingOrigin = "shared_cache";
  const bytes = await options.cache.fill(key, async () => {
    const shared = await findShared(handle, options.remote);
    if (shared !== undefined) return shared;
    origin = "pulled";
    return await pull(handle, options, signal);
  });
  return { data: toFloat32(bytes, handle.dtype), origin };
}

/** Forgets an embedding; one that is on its way is not kept. */
export function forgetEmbedding(
  handle: Pick<EmbeddingHandle, "tenantScope" | "digest">,
  { cache }: Pick<EmbeddingSourceOptions, "cache">,
): void {
  cache.delete(memoryKey(handle));
}

function memoryKey({
  tenantScope,
  digest,
}: Pick<EmbeddingHandle, "tenantScope" | "digest">): string {
  return `${tenantScope}\n${digest}`;
}

/** What the vision service keeps. */
async function pull(
  handle: EmbeddingHandle,
  options: EmbeddingSourceOptions,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(byteLength(handle));
  let received = 0;
  let answered: EmbeddingHandle | undefined;
  const request = { digest: handle.digest, tenantScope: handle.tenantScope };
  for await (const message of options.read(request, signal)) {
    answered ??= message.handle;
    if (received + message.chunk.length > bytes.length) {
      throw mismatch(`it has more than ${bytes.length} bytes`);
    }
    bytes.set(message.chunk, received);
    received += message.chunk.length;
  }
  if (answered === undefined || answered.digest !== handle.digest) {
    throw mismatch("the vision service answered with another digest");
  }
  if (answered.dtype !== handle.dtype || answered.shape.join() !== handle.shape.join()) {
    throw mismatch(`the vision service keeps it as [${answered.shape.join(", ")}]`);
  }
  if (received !== bytes.length) throw mismatch(`${received} of ${bytes.length} bytes came`);
  return bytes;
}

/** What does not fit its handle is left alone: the vision service has the last word. */
async function findShared(
  handle: EmbeddingHandle,
  remote: RemoteCache,
): Promise<Uint8Array | undefined> {
  const { tenantScope, digest } = handle;
  const packed = await remote.get({ tenantScope, key: embeddingKey(digest) });
  if (packed === undefined) return undefined;
  const { handle: found, bytes } = unpackEmbedding(packed);
  const fits =
    found.digest === digest &&
    found.dtype === handle.dtype &&
    found.shape.join() === handle.shape.join() &&
    bytes.length === byteLength(handle);
  return fits ? bytes : undefined;
}

function checkHandle(handle: EmbeddingHandle, options: EmbeddingSourceOptions): void {
  const [tiles = 0, patches, hidden] = handle.shape;
  if (handle.towerDigest !== options.towerDigest) throw mismatch("another vision tower made it");
  if (
    handle.shape.length !== 3 ||
    tiles < 1 ||
    patches !== options.patches ||
    hidden !== options.hidden
  ) {
    throw mismatch(
      `its shape must be [tiles, ${options.patches}, ${options.hidden}], not [${handle.shape.join(", ")}]`,
    );
  }
  if (handle.dtype !== DataType.FLOAT16 && handle.dtype !== DataType.FLOAT32) {
    throw mismatch("its dtype must be float16 or float32");
  }
}

function byteLength(handle: EmbeddingHandle): number {
  return handle.shape.reduce(
    (total, dim) => total * dim,
    handle.dtype === DataType.FLOAT16 ? 2 : 4,
  );
}

function toFloat32(bytes: Uint8Array, dtype: DataType): Float32Array {
  // Not slice(): of a Buffer, as the shared cache gives, that is a view of the memory around it.
  const whole = new Uint8Array(bytes).buffer;
  return dtype === DataType.FLOAT16
    ? Float32Array.from(new Float16Array(whole))
    : new Float32Array(whole);
}

function mismatch(what: string): DomainError {
  return new DomainError("embedding_mismatch", `Cannot use the embedding as ${what}`, {
    hint: "encode the image again",
  });
}
