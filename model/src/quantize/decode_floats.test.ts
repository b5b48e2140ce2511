import { expect, test } from "vitest";
import { decodeFloats } from "./decode_floats.ts";

const VALUES = [0, 1, -2.5, 0.15625];

test.each([
  { dtype: "F32", bytes: new Float32Array(VALUES) },
  { dtype: "F16", bytes: Uint16Array.of(0, 0x3c00, 0xc100, 0x3100) },
  { dtype: "BF16", bytes: Uint16Array.of(0, 0x3f80, 0xc020, 0x3e20) },
] as const)("decodeFloats() reads $dtype", ({ dtype, bytes }) => {
  expect([...decodeFloats(new Uint8Array(bytes.buffer), dtype)]).toEqual(VALUES);
});
