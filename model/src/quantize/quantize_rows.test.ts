import { expect, test } from "vitest";
import { quantizeRows } from "./quantize_rows.ts";
import { rotate } from "./rotation.ts";

const WIDTH = 64;

/** What the integers stand for, turned back to rows `[count, width]`. */
function restored({ weight, scale }: ReturnType<typeof quantizeRows>): Float32Array {
  return Float32Array.from(
    { length: weight.length },
    (_, at) =>
      (weight[(at % WIDTH) * scale.length + Math.floor(at / WIDTH)] ?? NaN) *
      (scale[Math.floor(at / WIDTH)] ?? NaN),
  );
}

test("quantizeRows() comes back within half a step of each row's own scale", () => {
  const rows = Float32Array.from(
    { length: 3 * WIDTH },
    (_, i) => Math.sin(i * i) * 10 ** Math.floor(i / WIDTH),
  );
  const turned = rows.slice();
  rotate(turned, 32);
  const quantized = quantizeRows(rows, WIDTH);
  const back = restored(quantized);
  for (const [at, value] of turned.entries()) {
    const step = quantized.scale[Math.floor(at / WIDTH)] ?? NaN;
    expect(Math.abs(value - (back[at] ?? NaN))).toBeLessThanOrEqual(step * 0.5001);
  }
  expect(Math.max(...quantized.weight)).toBeLessThanOrEqual(127);
  expect(Math.min(...quantized.weight)).toBeGreaterThanOrEqual(-127);
});

test("quantizeRows() keeps a row of zeros", () => {
  const { weight, scale } = quantizeRows(new Float32Array(2 * WIDTH), WIDTH);
  expect(scale).toEqual(new Float32Array(2));
  expect(weight.every((value) => value === 0)).toBe(true);
});
