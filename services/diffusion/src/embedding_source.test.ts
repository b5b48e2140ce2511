import { DataType, EmbeddingHandleSchema } from "@medv/proto/embedding";
import { create } from "@bufbuild/protobuf";
import { NO_REMOTE_CACHE, packEmbedding } from "@medv/runtime";
import { expect, test } from "vitest";
import { readEmbedding } from "./embedding_source.ts";

const VALUES = Float32Array.of(1.5, -2, 3.25, 0, 5, 6, 7, 8);
const handle = create(EmbeddingHandleSchema, {
  digest: "d",
  tenantScope: "a",
  towerDigest: "t",
  dtype: DataType.FLOAT32,
  shape: [1, 4, 2],
});

test("readEmbedding() takes what the shared cache has, wherever in memory it lies", async () => {
  const packed = packEmbedding(handle, new Uint8Array(VALUES.buffer));
  // As a client of Redis gives it: a Buffer within the memory of a whole reply.
  const reply = Buffer.concat([Buffer.from("$99\r\n"), packed, Buffer.from("\r\n")]);
  const kept = new Map<string, Uint8Array>();
  const options = {
    cache: {
      get: (key: string) => kept.get(key),
      set: (key: string, bytes: Uint8Array) => kept.set(key, bytes),
      delete: (key: string) => void kept.delete(key),
    },
    remote: {
      ...NO_REMOTE_CACHE,
      get: () => Promise.resolve(reply.subarray(5, 5 + packed.length)),
    },
    read: () => {
      throw new TypeError("it need not be pulled");
    },
    towerDigest: "t",
    patches: 4,
    hidden: 2,
  };
  const { signal } = new AbortController();
  for (const place of ["the shared cache", "memory"]) {
    const { data, pulled } = await readEmbedding(handle, options, signal);
    expect({ place, data, pulled }).toEqual({ place, data: VALUES, pulled: false });
  }
});
