import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

test("readConfig() needs no variable", () => {
  expect(readConfig({})).toMatchObject({
    address: "127.0.0.1:50051",
    checkpoint: expect.stringMatching(/model\/checkpoints\/phantom$/),
    visionCheckpoint: undefined,
    device: "cpu",
    embeddingCacheBytes: 268_435_456,
  });
});

test.each(["MEDV_VISION_ADDRESS", "MEDV_THREADS", "MEDV_DEVICE", "MEDV_EMBEDDING_CACHE_BYTES"])(
  "readConfig() names %s when its value is bad",
  (name) => {
    expect(() => readConfig({ [name]: "-" })).toThrow(
      new RegExp(`^Cannot read ${name} as it must be`),
    );
  },
);
