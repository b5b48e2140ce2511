/** Shape of grey or colour of 16 bits. */
export type Shape16 = { readonly width: number; readonly height: number; readonly channels: 1 | 3 };

/** Types of a field, and the bytes that a value of it takes; TIFF 6.0, section 2. */
const SHORT = { code: 3, bytes: 2 };
const LONG = { code: 4, bytes: 4 };

/**
 * A baseline TIFF of 16 bits, in one strip without compression: sharp writes none, but 8 bits.
 *
 * @param levels `[height, width, channels]`
 * @see TIFF 6.0 (Adobe 1992), sections 2, 4 and 6.
 */
export function tiff16(levels: Uint16Array, { width, height, channels }: Shape16): Uint8Array {
  const pixels = Buffer.from(levels.buffer, levels.byteOffset, levels.byteLength);
  const directory = 8 + pixels.length;
  /** By tag: type and values. */
  const fields: readonly (readonly [number, typeof SHORT, ...(readonly number[])])[] = [
    [256, LONG, width],
    [257, LONG, height],
    [258, SHORT, ...Array<number>(channels).fill(16)], // BitsPerSample
    [259, SHORT, 1], // Compression: none
    [262, SHORT, channels === 1 ? 1 : 2], // PhotometricInterpretation: zero is black, or RGB
    [273, LONG, 8], // StripOffsets
    [277, SHORT, channels], // SamplesPerPixel
    [278, LONG, height], // RowsPerStrip
    [279, LONG, pixels.length], // StripByteCounts
  ];
  const head = Buffer.alloc(8);
  head.write("II*\0", "latin1");
  head.writeUInt32LE(directory, 4);
  const entries = Buffer.alloc(2 + 12 * fields.length + 4);
  entries.writeUInt16LE(fields.length);
  const long: Buffer[] = [];
  let place = directory + entries.length;
  for (const [index, [tag, type, ...values]] of fields.entries()) {
    const at = 2 + 12 * index;
    entries.writeUInt16LE(tag, at);
    entries.writeUInt16LE(type.code, at + 2);
    entries.writeUInt32LE(values.length, at + 4);
    const bytes = Buffer.alloc(type.bytes * values.length);
    for (const [which, value] of values.entries()) {
      bytes.writeUIntLE(value, which * type.bytes, type.bytes);
    }
    if (bytes.length <= 4) {
      bytes.copy(entries, at + 8);
      continue;
    }
    // What takes more than four bytes stands elsewhere.
    entries.writeUInt32LE(place, at + 8);
    place += bytes.length;
    long.push(bytes);
  }
  return Buffer.concat([head, pixels, entries, ...long]);
}
