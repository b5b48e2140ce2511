/** HEIC's words for an EXIF orientation: quarter turns against the clock, then what is exchanged. */
const TURNS: Readonly<Record<number, { readonly irot?: number; readonly imir?: number }>> = {
  2: { imir: 1 },
  3: { irot: 2 },
  4: { imir: 0 },
  5: { irot: 3, imir: 1 },
  6: { irot: 3 },
  7: { irot: 1, imir: 1 },
  8: { irot: 1 },
};

/**
 * Gives a HEIC file the properties that stand its main image upright as an EXIF orientation would.
 *
 * @see ISO/IEC 23008-12 6.5.10, 6.5.12, 9.3
 */
export function turnHeic(file: Buffer, orientation: number): Buffer {
  const { irot, imir } = TURNS[orientation] ?? {};
  const added = [
    ...(irot === undefined ? [] : [box("irot", Buffer.from([irot]))]),
    ...(imir === undefined ? [] : [box("imir", Buffer.from([imir]))]),
  ];
  const growth = added.reduce((sum, { length }) => sum + length, 0) + added.length;
  const out: Buffer[] = [];
  for (const each of boxes(file)) {
    if (each.type !== "meta") out.push(each.whole);
    else
      out.push(
        box("meta", Buffer.concat([each.body.subarray(0, 4), meta(each.body, added, growth)])),
      );
  }
  return Buffer.concat(out);
}

type Box = { readonly type: string; readonly body: Buffer; readonly whole: Buffer };

function meta(body: Buffer, added: readonly Buffer[], growth: number): Buffer {
  const children = boxes(body.subarray(4));
  const primary = children.find(({ type }) => type === "pitm")?.body.readUInt16BE(4) ?? 0;
  return Buffer.concat(
    children.map(({ type, body: child, whole }) => {
      if (type === "iloc") return box("iloc", shifted(child, growth));
      return type === "iprp" ? box("iprp", properties(child, primary, added)) : whole;
    }),
  );
}

function properties(iprp: Buffer, primary: number, added: readonly Buffer[]): Buffer {
  const [ipco, ipma] = boxes(iprp);
  if (ipco === undefined || ipma === undefined) throw new TypeError("Cannot find the properties");
  const first = boxes(ipco.body).length + 1;
  // Entries of an item: id, count, one byte for each property.
  const parts: Buffer[] = [ipma.body.subarray(0, 8)];
  for (let at = 8; at < ipma.body.length;) {
    const count = ipma.body.readUInt8(at + 2);
    const entry = Buffer.from(ipma.body.subarray(at, at + 3 + count));
    at += entry.length;
    const isPrimary = entry.readUInt16BE(0) === primary;
    if (isPrimary) entry.writeUInt8(count + added.length, 2);
    // The highest bit says that readers must understand it.
    parts.push(
      entry,
      Buffer.from(isPrimary ? added.map((_, index) => 0x80 | (first + index)) : []),
    );
  }
  return Buffer.concat([
    box("ipco", Buffer.concat([ipco.body, ...added])),
    box("ipma", Buffer.concat(parts)),
  ]);
}

/** Places in the file, which lie behind what has grown. */
function shifted(iloc: Buffer, growth: number): Buffer {
  const out = Buffer.from(iloc);
  const version = out.readUInt8(0);
  const [offsetSize, lengthSize] = [out.readUInt8(4) >> 4, out.readUInt8(4) & 15];
  const baseSize = out.readUInt8(5) >> 4;
  let at = 8;
  for (let item = 0; item < out.readUInt16BE(6); item++) {
    at += 2;
    const method = version === 0 ? 0 : out.readUInt16BE(at) & 15;
    at += (version === 0 ? 0 : 2) + 2 + baseSize;
    const extents = out.readUInt16BE(at);
    at += 2;
    for (let extent = 0; extent < extents; extent++) {
      // Method 1 counts inside of the "idat" box.
      if (method === 0) out.writeUIntBE(out.readUIntBE(at, offsetSize) + growth, at, offsetSize);
      at += offsetSize + lengthSize;
    }
  }
  return out;
}

function boxes(bytes: Buffer): Box[] {
  const found: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const whole = bytes.subarray(at, at + length);
    found.push({ type: whole.toString("latin1", 4, 8), body: whole.subarray(8), whole });
    at += length;
  }
  return found;
}

function box(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, body]);
}
