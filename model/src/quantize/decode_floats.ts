import type { TensorReference } from "../checkpoint.ts";

/** Numbers stored as `dtype`, little-endian, as float32. */
export function decodeFloats(bytes: Uint8Array, dtype: TensorReference["dtype"]): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  if (dtype === "F32") return new Float32Array(buffer, byteOffset, byteLength / 4);
  const halves = new Uint16Array(buffer, byteOffset, byteLength / 2);
  if (dtype === "F16")
    return Float32Array.from(new Float16Array(buffer, byteOffset, halves.length));
  const words = new Uint32Array(halves.length);
  for (let at = 0; at < halves.length; at++) words[at] = (halves[at] ?? 0) << 16;
  return new Float32Array(words.buffer);
}
