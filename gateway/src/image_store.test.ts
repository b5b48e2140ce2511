import { setImmediate } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { DomainError } from "@medv/proto";
import { EncodeResponseSchema } from "@medv/proto/vision";
import { NO_REMOTE_CACHE } from "@medv/runtime/remote_cache/remote_cache";
import { expect, test } from "vitest";
import { CONFIRMED_BY_NONE } from "./confirmed_by.ts";
import { ImageStore, type ImageStoreOptions } from "./image_store.ts";
import { encodeImage } from "./kept_image.ts";
import { PREPARED_IMAGE } from "./testing/prepared_image.ts";

const CONTEXT = {
  tenantScope: "a",
  requestId: "request",
  settings: { imageSize: 1, aspectRatio: "square", gridPinpoints: [] },
};
const { signal } = new AbortController();

/** A store whose images are all alike. */
function storeWith(options: Partial<ImageStoreOptions> = {}): ImageStore {
  return new ImageStore({
    preprocess: () => Promise.resolve(PREPARED_IMAGE),
    services: {
      vision: {
        encode: () => Promise.resolve(create(EncodeResponseSchema, { handle: { digest: "d" } })),
      },
      forgetEmbedding: () => Promise.resolve(CONFIRMED_BY_NONE),
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
  const { upload } = await store.upload(
    { bytes: new Uint8Array(5), choice: {}, digest: "d" },
    CONTEXT,
    signal,
  );
  await store.encode({ type: "id", id: upload.id, field: "id" }, CONTEXT, signal);
  expect(store.bytes).toBe(1 + 5 + 2 * (1 + 100));
  await expect(store.delete(upload.id, CONTEXT)).rejects.toBe(gone);
  expect(store.bytes).toBe(1 + 5);
});

const ID = `img_${"0".repeat(32)}`;

/** A cache in which another gateway keeps an image, and how often its pixels were asked for. */
function elsewhere(pixelsOf: () => Promise<Uint8Array | undefined>) {
  const record = { digest: "d", choice: {}, expiresAt: new Date(Date.now() + 60_000) };
  const seen = { reads: 0 };
  const remote = {
    ...NO_REMOTE_CACHE,
    isShared: true,
    get: async ({ key }: { readonly key: string }): Promise<Uint8Array | undefined> => {
      if (key.startsWith("upload/")) return Buffer.from(JSON.stringify(record));
      if (!key.startsWith("image/")) return undefined;
      seen.reads += 1;
      return await pixelsOf();
    },
  };
  return { remote, seen };
}

function named(field: string) {
  return { type: "id", id: ID, field } as const;
}

test("encode() reads the pixels of another gateway once for many questions", async () => {
  const { remote, seen } = elsewhere(async () => {
    await setImmediate();
    return encodeImage(PREPARED_IMAGE);
  });
  const store = storeWith({ remote });
  const encoded = await Promise.all(
    ["a", "b", "c"].map((field) => store.encode(named(field), CONTEXT, signal)),
  );
  expect(encoded.map(({ image }) => image)).toEqual([
    PREPARED_IMAGE,
    PREPARED_IMAGE,
    PREPARED_IMAGE,
  ]);
  expect(seen.reads).toBe(1);
});

test("encode() names the field of each question whose image has no pixels any more", async () => {
  const { remote } = elsewhere(async () => await setImmediate(undefined));
  const store = storeWith({ remote });
  const ends = await Promise.allSettled(
    ["a", "b"].map((field) => store.encode(named(field), CONTEXT, signal)),
  );
  expect(ends.map((end) => end.status === "rejected" && end.reason)).toMatchObject([
    { code: "unknown_image", field: "a" },
    { code: "unknown_image", field: "b" },
  ]);
});

test("encode() does not wait for pixels that nobody wants any more, and keeps none that were deleted", async () => {
  const arrival = Promise.withResolvers<Uint8Array>();
  const { remote, seen } = elsewhere(() => arrival.promise);
  const store = storeWith({ remote });
  const caller = new AbortController();
  const question = store.encode(named("a"), CONTEXT, caller.signal);
  await expect.poll(() => seen.reads).toBe(1);
  caller.abort(new Error("gone"));
  await expect(question).rejects.toThrow("gone");
  const deleted = store.delete(ID, CONTEXT);
  arrival.resolve(encodeImage(PREPARED_IMAGE));
  await deleted;
  expect(store.bytes).toBe(0);
});
