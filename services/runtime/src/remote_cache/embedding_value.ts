import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type EmbeddingHandle, EmbeddingHandleSchema } from "@medv/proto/embedding";

/** An embedding as it lies in the shared cache: its handle, and its bytes. */
export type EmbeddingValue = { readonly handle: EmbeddingHandle; readonly bytes: Uint8Array };

/** The key of an embedding, behind the tenant's scope. */
export function embeddingKey(digest: string): string {
  return `embedding/${digest}`;
}

/** Length of the handle in 4 bytes, the handle, the bytes. */
export function packEmbedding(
  handle: MessageInitShape<typeof EmbeddingHandleSchema>,
  bytes: Uint8Array,
): Uint8Array {
  const head = toBinary(EmbeddingHandleSchema, create(EmbeddingHandleSchema, handle));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, bytes]);
}

/** The inverse of {@link packEmbedding}. */
export function unpackEmbedding(packed: Uint8Array): EmbeddingValue {
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true);
  const handle = fromBinary(EmbeddingHandleSchema, packed.subarray(4, 4 + length));
  return { handle, bytes: packed.subarray(4 + length) };
}
