import { homedir } from "node:os";
import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

test("readConfig() computes in int8 on the CPU and in float32 elsewhere, unless told otherwise", () => {
  expect(readConfig({}).precision).toBe("int8");
  expect(readConfig({ MEDV_PRECISION: "float32" }).precision).toBe("float32");
  expect(readConfig({ MEDV_DEVICE: "cuda" }).precision).toBe("float32");
});

test("readConfig() refuses int8 on a GPU, naming both variables", () => {
  expect(() => readConfig({ MEDV_DEVICE: "cuda", MEDV_PRECISION: "int8" })).toThrow(
    'Cannot read MEDV_PRECISION as int8 needs the device cpu: MEDV_DEVICE is "cuda"',
  );
});

test.each([
  { env: {}, expected: `${homedir()}/.cache/llada-medv` },
  { env: { XDG_CACHE_HOME: "/var/cache" }, expected: "/var/cache/llada-medv" },
  { env: { XDG_CACHE_HOME: "/var/cache", MEDV_CACHE_DIRECTORY: "/c" }, expected: "/c" },
])(
  "readConfig() keeps int8 weights of a read-only checkpoint in $expected",
  ({ env, expected }) => {
    expect(readConfig(env).cacheDirectory).toBe(expected);
  },
);
