/**
 * A WebP with the first of its frames only, as the decoder's time grows with the square of their number.
 *
 * @param bytes A file that begins as WebP does.
 * @returns The file itself where it has one frame or none.
 * @see RFC 9649 2.7.1 (animation)
 */
export function firstWebpFrame(bytes: Uint8Array): {
  readonly bytes: Uint8Array;
  readonly frames: number;
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [];
  let frames = 0;
  let chunk = HEAD_BYTES;
  while (chunk + CHUNK_HEAD_BYTES <= bytes.length) {
    const length = view.getUint32(chunk + 4, true);
    const end = chunk + CHUNK_HEAD_BYTES + length + (length % 2);
    const isFrame = view.getUint32(chunk) === ANMF;
    if (isFrame) frames++;
    if (!isFrame || frames === 1) kept.push(bytes.subarray(chunk, end));
    chunk = end;
  }
  if (frames <= 1) return { bytes, frames: 1 };
  const out = Buffer.concat([bytes.subarray(0, HEAD_BYTES), ...kept]);
  out.writeUInt32LE(out.length - CHUNK_HEAD_BYTES, 4);
  return { bytes: out, frames };
}

/** "RIFF", the length, "WEBP". */
const HEAD_BYTES = 12;
const CHUNK_HEAD_BYTES = 8;
/** "ANMF" as a big-endian number. */
const ANMF = 0x414e4d46;
