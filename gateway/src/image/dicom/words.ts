// Numeric inner loops: `!` stands where `noUncheckedIndexedAccess` would cost a branch per pixel.

/** Little-endian samples of 8 or 16 bits as numbers. */
export function toWords(bytes: Uint8Array, bitsAllocated: number): Uint8Array | Uint16Array {
  if (bitsAllocated === 8) return bytes;
  const words = new Uint16Array(bytes.length >> 1);
  for (let at = 0; at < words.length; at++) words[at] = bytes[2 * at]! | (bytes[2 * at + 1]! << 8);
  return words;
}

/** Single bits as words of 0 and 1, the lowest of a byte first (PS3.5 8.1.1). */
export function bitsToWords(bytes: Uint8Array, firstBit: number, count: number): Uint8Array {
  const words = new Uint8Array(count);
  for (let at = 0; at < words.length; at++) {
    const bit = firstBit + at;
    words[at] = (bytes[bit >> 3]! >> (bit & 7)) & 1;
  }
  return words;
}

/** Each pair of bytes the other way round. */
export function swapped(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) copy[at] = bytes[at ^ 1] ?? bytes[at]!;
  return copy;
}

/** `[3, pixels]` as `[pixels, 3]`. */
export function interleaved(planes: Uint8Array | Uint16Array): Uint8Array | Uint16Array {
  // Not `slice()`, which of a Buffer is no copy.
  const out = planes.map(() => 0);
  const pixels = planes.length / 3;
  for (let at = 0; at < pixels; at++) {
    out[3 * at] = planes[at]!;
    out[3 * at + 1] = planes[pixels + at]!;
    out[3 * at + 2] = planes[2 * pixels + at]!;
  }
  return out;
}
