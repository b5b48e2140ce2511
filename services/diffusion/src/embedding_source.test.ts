import { create } from "@bufbuild/protobuf";
import { DataType, EmbeddingHandleSchema } from "@medv/proto/embedding";
import {
  byteCache,
  embeddingKey,
  NO_REMOTE_CACHE,
  packEmbedding,
  type RemoteCache,
} from "@medv/runtime";
import { expect, test } from "vitest";
import { type EmbeddingSourceOptions, forgetEmbedding, readEmbedding } from "./embedding_source.ts";

const PATCHES = 3;
const HIDDEN = 5;
const ROWS = Float32Array.from({ length: 2 * PATCHES * HIDDEN }, (_, index) => index / 2);
const { signal } = new AbortController();

/** A handle of two tiles, and its bytes. */
function embedding(dtype: DataType) {
  const values = dtype === DataType.FLOAT16 ? new Float16Array(ROWS) : ROWS;
  const handle = create(EmbeddingHandleSchema, {
    digest: "d",
    tenantScope: "a",
    towerDigest: "tower",
    dtype,
    shape: [2, PATCHES, HIDDEN],
  });
  return { handle, bytes: new Uint8Array(values.slice().buffer) };
}

function source(changes: Partial<EmbeddingSourceOptions> = {}): EmbeddingSourceOptions {
  return {
    cache: byteCache<Uint8Array>({
      maxBytes: 10_000,
      ttlSeconds: 60,
      sizeOf: (bytes) => bytes.byteLength,
    }),
    remote: NO_REMOTE_CACHE,
    read: () => {
      throw new TypeError("Cannot pull here");
    },
    towerDigest: "tower",
    patches: PATCHES,
    hidden: HIDDEN,
    ...changes,
  };
}

test.each([DataType.FLOAT16, DataType.FLOAT32])(
  "readEmbedding() reads the same rows from the shared cache, from memory and by a pull: type %i",
  async (dtype) => {
    const { handle, bytes } = embedding(dtype);
    const packed = packEmbedding(handle, bytes);
    // As a client of the cache gives it out: a part of a larger buffer.
    const larger = Buffer.concat([Buffer.alloc(7), packed, Buffer.alloc(9)]);
    const remote: RemoteCache = {
      ...NO_REMOTE_CACHE,
      get: ({ key }) =>
        Promise.resolve(
          key === embeddingKey("d") ? larger.subarray(7, 7 + packed.length) : undefined,
        ),
    };
    const shared = source({ remote });
    const pulling = source({
      read: async function* () {
        yield { $typeName: "medv.v1.ReadEmbeddingResponse", handle, chunk: bytes.subarray(0, 8) };
        yield { $typeName: "medv.v1.ReadEmbeddingResponse", chunk: bytes.subarray(8) };
      },
    });
    for (const [options, origin] of [
      [shared, "shared_cache"],
      [shared, "memory"],
      [pulling, "pulled"],
      [pulling, "memory"],
    ] as const) {
      expect(await readEmbedding(handle, options, signal)).toEqual({ data: ROWS, origin });
    }
  },
);

test("forgetEmbedding() also reaches an embedding that is on its way: it is used, and not kept", async () => {
  const { handle, bytes } = embedding(DataType.FLOAT32);
  const options = source({
    read: async function* () {
      forgetEmbedding(handle, options);
      yield { $typeName: "medv.v1.ReadEmbeddingResponse", handle, chunk: bytes };
    },
  });
  expect(await readEmbedding(handle, options, signal)).toEqual({ data: ROWS, origin: "pulled" });
  expect(options.cache.bytes).toBe(0);
});
