/** An attribute: tag as "00280010", value representation, value. A sequence's value is its items. */
export type Attribute = readonly [
  tag: string,
  vr: string,
  value: string | number | readonly number[] | Uint8Array | readonly (readonly Attribute[])[],
];

/** VRs whose length takes four bytes after two empty ones. */
const LONG = new Set(["OB", "OW", "SQ", "UN", "UT", "OF", "UC", "UR", "OL", "OD"]);

/**
 * Writes a DICOM file in Explicit VR Little Endian, by the tags' order.
 *
 * @param fragments Frames of an encapsulated file, instead of a `7fe00010` among the attributes.
 * @see DICOM PS3.5 7.1.2, A.4 and PS3.10 7.1
 */
export function writeDicom(
  attributes: readonly Attribute[],
  transferSyntax = "1.2.840.10008.1.2.1",
  fragments?: readonly Uint8Array[],
): Uint8Array {
  const meta = writeAttributes([
    ["00020001", "OB", new Uint8Array([0, 1])],
    ["00020010", "UI", transferSyntax],
  ]);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from("DICM"),
    writeAttributes([["00020000", "UL", meta.length]]),
    meta,
    writeAttributes(attributes),
    ...(fragments === undefined ? [] : encapsulated(fragments)),
  ]);
}

export function writeAttributes(attributes: readonly Attribute[]): Uint8Array {
  const sorted = attributes.toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Buffer.concat(sorted.flatMap(([tag, vr, value]) => element(tag, vr, bytesOf(vr, value))));
}

/** A little-endian word or more. */
export function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint16Array.from(values).buffer);
}

function bytesOf(vr: string, value: Attribute[2]): Uint8Array {
  if (value instanceof Uint8Array) return padded(value, 0);
  if (typeof value === "string") return padded(Buffer.from(value, "latin1"), vr === "UI" ? 0 : 32);
  if (typeof value === "number") return numbers(vr, [value]);
  if (isNumbers(value)) return numbers(vr, value);
  return Buffer.concat(
    value.flatMap((item) => {
      const bytes = writeAttributes(item);
      return [Buffer.from([0xfe, 0xff, 0x00, 0xe0]), u32(bytes.length), bytes];
    }),
  );
}

function isNumbers(value: readonly unknown[]): value is readonly number[] {
  return value.every((each) => typeof each === "number");
}

function numbers(vr: string, values: readonly number[]): Uint8Array {
  const make = { US: Uint16Array, SS: Int16Array, UL: Uint32Array, FD: Float64Array }[vr];
  if (make === undefined) throw new RangeError(`Cannot write numbers as ${vr}`);
  return new Uint8Array(make.from(values).buffer);
}

function element(tag: string, vr: string, value: Uint8Array): Uint8Array[] {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0);
  head.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2);
  const length = LONG.has(vr) ? [Buffer.alloc(2), u32(value.length)] : [words(value.length)];
  return [head, Buffer.from(vr), ...length, value];
}

function encapsulated(fragments: readonly Uint8Array[]): Uint8Array[] {
  return [
    Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff]),
    ...fragment(new Uint8Array()), // an empty table of frames
    ...fragments.flatMap(fragment),
    Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]),
  ];
}

function fragment(bytes: Uint8Array): Uint8Array[] {
  const even = padded(bytes, 0);
  return [Buffer.from([0xfe, 0xff, 0x00, 0xe0]), u32(even.length), even];
}

function padded(bytes: Uint8Array, fill: number): Uint8Array {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from([fill])]);
}

function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
