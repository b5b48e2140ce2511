import { homedir } from "node:os";
import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

test("readConfig() computes in float32, and in int8 where it is told to", () => {
  expect(readConfig({}).precision).toBe("float32");
  expect(readConfig({ MEDV_PRECISION: "int8" }).precision).toBe("int8");
});

test("readConfig() refuses int8 on a GPU and float16 on a CPU, naming both variables", () => {
  expect(() => readConfig({ MEDV_DEVICE: "cuda", MEDV_PRECISION: "int8" })).toThrow(
    'Cannot read MEDV_PRECISION as int8 needs the device cpu: MEDV_DEVICE is "cuda"',
  );
  expect(() => readConfig({ MEDV_PRECISION: "float16" })).toThrow(
    'Cannot read MEDV_PRECISION as float16 needs the device cuda or webgpu: MEDV_DEVICE is "cpu"',
  );
  expect(readConfig({ MEDV_DEVICE: "cuda", MEDV_PRECISION: "float16" }).precision).toBe("float16");
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
