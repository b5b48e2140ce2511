import { expect, test } from "vitest";
import { rotate, rotationMatrix, rotationWidth } from "./rotation.ts";

test.each([
  { size: 4096, expected: 32 },
  { size: 192, expected: 32 },
  { size: 1152, expected: 32 },
  { size: 24, expected: 8 },
  { size: 7, expected: 1 },
])("rotationWidth() of $size channels is $expected", ({ size, expected }) => {
  expect(rotationWidth(size)).toBe(expected);
});

test("rotate() on both sides leaves a product as it is", () => {
  const left = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * 3));
  const right = Float32Array.from({ length: 64 }, (_, i) => Math.cos(i * 5));
  const product = (): number => left.reduce((sum, value, i) => sum + value * (right[i] ?? 0), 0);
  const before = product();
  rotate(left, 32);
  rotate(right, 32);
  expect(product()).toBeCloseTo(before, 5);
});

test("rotate() spreads one channel evenly over its group and no further", () => {
  const row = new Float32Array(64);
  row[5] = 32;
  rotate(row, 32);
  expect(new Set(row.subarray(0, 32).map(Math.abs))).toEqual(new Set([Math.fround(Math.sqrt(32))]));
  expect(row.subarray(32).every((value) => value === 0)).toBe(true);
});

test("rotate() does not gather channels of one sign in one place", () => {
  const row = new Float32Array(32).fill(1);
  rotate(row, 32);
  expect(Math.max(...row.map(Math.abs))).toBeLessThan(3.5);
});

test("rotationMatrix() is what rotate() does", () => {
  const matrix = rotationMatrix(8);
  const row = Float32Array.from({ length: 8 }, (_, i) => i - 3);
  const product = Array.from({ length: 8 }, (_, out) =>
    row.reduce((sum, value, channel) => sum + value * (matrix[channel * 8 + out] ?? 0), 0),
  );
  rotate(row, 8);
  for (const [index, value] of row.entries()) expect(product[index]).toBeCloseTo(value, 5);
});
