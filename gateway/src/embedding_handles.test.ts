import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { EmbeddingHandleSchema } from "@medv/proto/embedding";
import { EncodeResponseSchema } from "@medv/proto/vision";
import { NO_REMOTE_CACHE } from "@medv/runtime/remote_cache/remote_cache";
import { expect, test } from "vitest";
import { CONFIRMED_BY_NONE } from "./confirmed_by.ts";
import { EmbeddingHandles } from "./embedding_handles.ts";
import { encodeHandle } from "./kept_handle.ts";
import { PREPARED_IMAGE } from "./testing/prepared_image.ts";

const CONTEXT = { key: "key", tenantScope: "a", requestId: "request" };

test("forget() waits for an encoding that begins while it asks the cache", async () => {
  /** Digests of what the vision service keeps. */
  const embeddings = new Set<string>();
  const questions: Promise<unknown>[] = [];
  const { signal } = new AbortController();
  const handles: EmbeddingHandles = new EmbeddingHandles(
    {
      services: {
        vision: {
          encode: async () => {
            await new Promise((resolve) => setImmediate(resolve));
            embeddings.add("digest");
            return create(EncodeResponseSchema, { handle: { digest: "digest" } });
          },
        },
        forgetEmbedding: ({ digest }) => {
          embeddings.delete(digest);
          return Promise.resolve(CONFIRMED_BY_NONE);
        },
      },
      remote: {
        ...NO_REMOTE_CACHE,
        delete: () => {
          if (questions.length === 0) questions.push(handles.get(PREPARED_IMAGE, CONTEXT, signal));
          return Promise.resolve();
        },
      },
      ttlMs: 60_000,
      encodeTimeoutMs: 60_000,
    },
    signal,
  );
  await handles.forget(CONTEXT);
  await Promise.all(questions);
  expect(questions).toHaveLength(1);
  expect(embeddings).toEqual(new Set());
  expect(handles.has("key")).toBe(false);
});

test("get() encodes where what lies in the cache cannot be read", async () => {
  const { signal } = new AbortController();
  const handles = new EmbeddingHandles(
    {
      services: {
        vision: {
          encode: () =>
            Promise.resolve(create(EncodeResponseSchema, { handle: { digest: "digest" } })),
        },
        forgetEmbedding: () => Promise.resolve(CONFIRMED_BY_NONE),
      },
      remote: { ...NO_REMOTE_CACHE, get: () => Promise.resolve(Uint8Array.of(255, 255)) },
      ttlMs: 60_000,
      encodeTimeoutMs: 60_000,
    },
    signal,
  );
  const { handle, cached } = await handles.get(PREPARED_IMAGE, CONTEXT, signal);
  expect([handle.digest, cached]).toEqual(["digest", false]);
});

test("get() counts the run that getAhead() began as the first question's alone", async () => {
  const { promise: isEncoded, resolve: encode } = Promise.withResolvers<void>();
  const handles = new EmbeddingHandles(
    {
      services: {
        vision: {
          encode: async () => {
            await isEncoded;
            return create(EncodeResponseSchema, { handle: { digest: "digest" } });
          },
        },
        forgetEmbedding: () => Promise.resolve(CONFIRMED_BY_NONE),
      },
      remote: NO_REMOTE_CACHE,
      ttlMs: 60_000,
      encodeTimeoutMs: 60_000,
    },
    new AbortController().signal,
  );
  const { signal } = new AbortController();
  const ahead = handles.getAhead(PREPARED_IMAGE, CONTEXT, signal);
  const questions = [1, 2].map(() => handles.get(PREPARED_IMAGE, CONTEXT, signal));
  encode();
  await ahead;
  questions.push(handles.get(PREPARED_IMAGE, CONTEXT, signal));
  const cached = (await Promise.all(questions)).map((encoding) => encoding.cached);
  expect(cached).toEqual([false, true, true]);
});

test("forget() asks the replicas again after they did not confirm, also where the cache alone had the handle", async () => {
  const expiresAt = timestampFromMs(Date.now() + 60_000);
  const handle = create(EmbeddingHandleSchema, { digest: "d", expiresAt });
  const cache = new Map([["handle", encodeHandle(handle)]]);
  const asked: string[] = [];
  const { signal } = new AbortController();
  const handles = new EmbeddingHandles(
    {
      services: {
        vision: { encode: () => Promise.reject(new TypeError("Nobody asks it here")) },
        forgetEmbedding: ({ digest }) => {
          asked.push(digest);
          return asked.length === 1
            ? Promise.reject(new Error("a replica is gone"))
            : Promise.resolve({ vision: new Set(["a"]), diffusion: new Set(["b", "c"]) });
        },
      },
      remote: {
        ...NO_REMOTE_CACHE,
        find: () => Promise.resolve(cache.get("handle")),
        delete: () => Promise.resolve(cache.clear()),
      },
      ttlMs: 60_000,
      encodeTimeoutMs: 60_000,
    },
    signal,
  );
  await expect(handles.forget(CONTEXT)).rejects.toThrow("a replica is gone");
  const { vision, diffusion } = await handles.forget(CONTEXT);
  expect(asked).toEqual(["d", "d"]);
  expect([vision.size, diffusion.size]).toEqual([1, 2]);
  expect(cache.size).toBe(0);
});
