/**
 * A PNG without what its decoder would unpack in vain: texts and colour profiles beyond the first 64 KiB. Small texts stay, as an
 * orientation may stand in one.
 *
 * @param bytes A file that begins with PNG's signature.
 * @returns Nothing where the chunks do not lead to the end chunk: the decoder stops at the last pixel, so that a file whose end
 * is cut off would pass.
 * @see PNG (third edition) 5.3, 11.3
 */
export function leanPng(bytes: Uint8Array): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [bytes.subarray(0, SIGNATURE_BYTES)];
  let textBytes = 0;
  let chunk = SIGNATURE_BYTES;
  while (chunk + CHUNK_OVERHEAD_BYTES <= bytes.length) {
    const length = view.getUint32(chunk);
    const type = view.getUint32(chunk + 4);
    const end = chunk + CHUNK_OVERHEAD_BYTES + length;
    if (end > bytes.length) return undefined;
    if (TEXTS.has(type)) textBytes += length;
    if (!TEXTS.has(type) || textBytes <= MAX_TEXT_BYTES) kept.push(bytes.subarray(chunk, end));
    if (type === IEND) return textBytes <= MAX_TEXT_BYTES ? bytes : Buffer.concat(kept);
    chunk = end;
  }
  return undefined;
}

const SIGNATURE_BYTES = 8;
/** Length, type and checksum. */
const CHUNK_OVERHEAD_BYTES = 12;
const MAX_TEXT_BYTES = 64 << 10;
const IEND = code("IEND");
const TEXTS: ReadonlySet<number> = new Set(["iCCP", "zTXt", "iTXt", "tEXt"].map(code));

/** A chunk's type as a big-endian number. */
function code(type: string): number {
  return Buffer.from(type, "latin1").readUInt32BE();
}
