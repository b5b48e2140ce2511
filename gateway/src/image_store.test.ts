import { create } from "@bufbuild/protobuf";
import { DomainError } from "@medv/proto";
import { EncodeResponseSchema } from "@medv/proto/vision";
import { NO_REMOTE_CACHE } from "@medv/runtime/remote_cache/remote_cache";
import { expect, test } from "vitest";
import type { PreparedImage } from "./image/image_preprocessor.ts";
import { ImageStore, type ImageStoreOptions } from "./image_store.ts";

const IMAGE: PreparedImage = {
  pixels: new Uint8Array(100),
  tiles: 1,
  imageSize: 1,
  width: 1,
  height: 1,
  gridWidth: 0,
  gridHeight: 0,
  preprocessingVersion: "1",
  description: { format: "png", frame: { number: 1, of: 1 }, warnings: [] },
};
const CONTEXT = {
  tenantScope: "a",
  requestId: "request",
  settings: { imageSize: 1, aspectRatio: "square", gridPinpoints: [] },
};
const { signal } = new AbortController();

/** A store whose images are all alike. */
function storeWith(options: Partial<ImageStoreOptions> = {}): ImageStore {
  return new ImageStore({
    preprocess: () => Promise.resolve(IMAGE),
    services: {
      vision: {
        encode: () => Promise.resolve(create(EncodeResponseSchema, { handle: { digest: "d" } })),
      },
      forgetEmbedding: () => Promise.resolve(),
    },
    remote: NO_REMOTE_CACHE,
    notices: undefined,
    log: { warn: () => {} },
    maxImageBytes: 100,
    maxImagePixels: 100,
    cacheBytes: 10_000,
    ttlMs: 60_000,
    encodeTimeoutMs: 60_000,
    ...options,
  });
}

test("delete() forgets all pixels though a replica does not confirm that it forgot the embedding", async () => {
  const gone = new DomainError("unavailable", "Cannot forget the embedding as the replica is gone");
  const store = storeWith({
    // With others that share a cache both ways of preprocessing are there at once.
    remote: { ...NO_REMOTE_CACHE, isShared: true },
    services: {
      vision: {
        encode: () => Promise.resolve(create(EncodeResponseSchema, { handle: { digest: "d" } })),
      },
      forgetEmbedding: () => Promise.reject(gone),
    },
  });
  const { upload } = await store.upload({ bytes: new Uint8Array(5), choice: {} }, CONTEXT, signal);
  await store.encode({ type: "id", id: upload.id, field: "id" }, CONTEXT, signal);
  expect(store.bytes).toBe(1 + 5 + 2 * (1 + 100));
  await expect(store.delete(upload.id, CONTEXT)).rejects.toBe(gone);
  expect(store.bytes).toBe(1 + 5);
});
