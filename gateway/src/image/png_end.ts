/**
 * Whether the chunks of a PNG lead to its end chunk.
 *
 * The decoder stops at the last pixel, so that a file whose end is cut off would pass.
 *
 * @param bytes A file that begins with PNG's signature.
 */
export function hasPngEnd(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let chunk = SIGNATURE_BYTES;
  while (chunk + CHUNK_OVERHEAD_BYTES <= bytes.length) {
    const end = chunk + CHUNK_OVERHEAD_BYTES + view.getUint32(chunk);
    if (view.getUint32(chunk + 4) === IEND) return end <= bytes.length;
    chunk = end;
  }
  return false;
}

const SIGNATURE_BYTES = 8;
/** Length, type and checksum. */
const CHUNK_OVERHEAD_BYTES = 12;
/** "IEND" as a big-endian number. */
const IEND = 0x49454e44;
