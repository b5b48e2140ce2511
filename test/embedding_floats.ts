/** Numbers of an embedding as the vision tower gives them; float16 comes as its bits. */
export function embeddingFloats(data: ArrayBufferView): Float32Array {
  if (data instanceof Float32Array) return data;
  if (!(data instanceof Uint16Array)) throw new TypeError("Cannot read the embedding as floats");
  return Float32Array.from(new Float16Array(data.slice().buffer));
}
