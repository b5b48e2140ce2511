import { rotate, rotationWidth } from "./rotation.ts";

/** Largest magnitude of an int8 weight; -128 is left out, so that the scale is symmetric. */
const MAX_INT8 = 127;

/**
 * Quantises rows of a linear layer's weight, each with a scale of its own: `weight ≈ int8 * scale`, after the input
 * channels are turned.
 *
 * @param rows float32 `[count, width]`, turned in place.
 * @returns `weight` int8 `[width, count]`, the layout that integer products take, and `scale` float32 `[count]`.
 */
export function quantizeRows(
  rows: Float32Array,
  width: number,
): { readonly weight: Int8Array<ArrayBuffer>; readonly scale: Float32Array<ArrayBuffer> } {
  const count = rows.length / width;
  const weight = new Int8Array(rows.length);
  const scale = new Float32Array(count);
  rotate(rows, rotationWidth(width));
  for (let row = 0; row < count; row++) {
    const start = row * width;
    let largest = 0;
    // Indices run within the row.
    for (let at = start; at < start + width; at++) {
      largest = Math.max(largest, Math.abs(rows[at]!));
    }
    scale[row] = largest / MAX_INT8;
    const inverse = largest === 0 ? 0 : MAX_INT8 / largest;
    for (let at = 0; at < width; at++) {
      weight[at * count + row] = Math.round(rows[start + at]! * inverse);
    }
  }
  return { weight, scale };
}
