import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

test("readConfig() has a default for everything", () => {
  expect(readConfig({})).toMatchObject({
    host: "127.0.0.1",
    port: 8080,
    visionAddress: "127.0.0.1:50051",
    diffusionAddress: "127.0.0.1:50052",
    maxImageBytes: 20 << 20,
    imageTtlMs: 3_600_000,
  });
});

test.each([
  { name: "MEDV_PORT", value: "99999" },
  { name: "MEDV_PORT", value: "http" },
  { name: "MEDV_VISION_ADDRESS", value: "nowhere" },
  { name: "MEDV_IMAGE_CACHE_BYTES", value: "1000" },
  { name: "MEDV_DECODER_MEMORY_BYTES", value: "2GB" },
  { name: "MEDV_DECODER_MEMORY_BYTES", value: "1000000" },
  { name: "MEDV_DECODER_TIMEOUT_SECONDS", value: "0" },
  { name: "MEDV_LOG_LEVEL", value: "loud" },
])("readConfig() refuses $name=$value by name", ({ name, value }) => {
  expect(() => readConfig({ [name]: value })).toThrow(`Cannot read ${name} as`);
});
