import { open } from "node:fs/promises";

/** Element types of the safetensors format that we meet. */
export type SafetensorsDType = keyof typeof BYTES;

/** One tensor of a file: what it is and where its bytes lie. */
export type SafetensorsEntry = {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  /** From the start of the file, not of the data section. */
  readonly offset: number;
  readonly byteLength: number;
};

const BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, U8: 1, I8: 1, BOOL: 1 } as const;

/** Longest header that is read; the format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * Reads which tensors a safetensors file holds, without reading any of them.
 *
 * @throws {RangeError} If the header is damaged, a tensor's bytes do not fit its shape, lie outside of the file or on
 * another tensor's; the text names file, tensor, expected and found.
 * @see {@link https://github.com/huggingface/safetensors#format | the format}
 */
export async function readSafetensorsHeader(
  path: string,
): Promise<ReadonlyMap<string, SafetensorsEntry>> {
  const { text, dataStart, fileBytes } = await readHeader(path);
  const entries = Object.entries(parseObject(path, text))
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => parseEntry(path, name, value, dataStart));
  checkLayout(path, entries, fileBytes);
  return new Map(entries.map((entry) => [entry.name, entry]));
}

/** Reads the texts that a file's writer put beside its tensors. */
export async function readSafetensorsMetadata(path: string): Promise<ReadonlyMap<string, string>> {
  const { text } = await readHeader(path);
  const metadata = parseObject(path, text)[METADATA] ?? {};
  return new Map(
    Object.entries(metadata).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value]] : [],
    ),
  );
}

const METADATA = "__metadata__";

async function readHeader(
  path: string,
): Promise<{ readonly text: string; readonly dataStart: number; readonly fileBytes: number }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const prefix = Buffer.alloc(8);
    const { bytesRead } = await file.read(prefix, 0, 8, 0);
    const headerLength = bytesRead === 8 ? Number(prefix.readBigUInt64LE()) : -1;
    if (headerLength < 2 || headerLength > MAX_HEADER_BYTES || 8 + headerLength > size) {
      throw new RangeError(
        `Cannot read "${path}" as its header must end within the file: file has ${size} bytes, header claims ${headerLength}`,
      );
    }
    const header = Buffer.alloc(headerLength);
    await file.read(header, 0, headerLength, 8);
    return { text: header.toString("utf8"), dataStart: 8 + headerLength, fileBytes: size };
  } finally {
    await file.close();
  }
}

/** Reads a whole tensor's bytes; for small ones. */
export async function readTensorBytes(path: string, entry: SafetensorsEntry): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const bytes = new Uint8Array(entry.byteLength);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, entry.offset);
    if (bytesRead !== bytes.length) {
      throw new RangeError(
        `Cannot read "${entry.name}" of "${path}" as it has ${bytes.length} bytes: file ended after ${bytesRead}`,
      );
    }
    return bytes;
  } finally {
    await file.close();
  }
}

function parseObject(path: string, text: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new RangeError(`Cannot read "${path}" as its header must be JSON`, { cause: error });
  }
  if (typeof json !== "object" || json === null) {
    throw new RangeError(`Cannot read "${path}" as its header must be a JSON object`);
  }
  return Object.fromEntries(Object.entries(json));
}

function parseEntry(
  path: string,
  name: string,
  value: unknown,
  dataStart: number,
): SafetensorsEntry {
  const at = `Cannot read "${name}" of "${path}"`;
  if (typeof value !== "object" || value === null) throw new RangeError(`${at} as it is no object`);
  const { dtype, shape, data_offsets: offsets } = Object.fromEntries(Object.entries(value));
  if (!isDType(dtype)) {
    throw new RangeError(
      `${at} as its dtype must be one of ${Object.keys(BYTES).join(", ")}: found ${JSON.stringify(dtype)}`,
    );
  }
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw new RangeError(`${at} as shape and data_offsets must be lists of whole numbers`);
  }
  const [begin = 0, end = 0] = offsets;
  const expected = shape.reduce((product, dim) => product * dim, BYTES[dtype]);
  if (end - begin !== expected) {
    throw new RangeError(
      `${at} as ${dtype} [${shape.join(", ")}] takes ${expected} bytes: found ${end - begin}`,
    );
  }
  return { name, dtype, shape, offset: dataStart + begin, byteLength: expected };
}

function checkLayout(path: string, entries: readonly SafetensorsEntry[], size: number): void {
  let previous: SafetensorsEntry | undefined;
  for (const entry of entries.toSorted((left, right) => left.offset - right.offset)) {
    const end = entry.offset + entry.byteLength;
    if (end > size) {
      throw new RangeError(
        `Cannot read "${entry.name}" of "${path}" as it ends at byte ${end}: file has ${size} bytes, it is truncated`,
      );
    }
    if (previous !== undefined && entry.offset < previous.offset + previous.byteLength) {
      throw new RangeError(
        `Cannot read "${entry.name}" of "${path}" as tensors must not overlap: it starts at byte ${entry.offset}, "${previous.name}" ends at ${previous.offset + previous.byteLength}`,
      );
    }
    previous = entry;
  }
}

function isDType(value: unknown): value is SafetensorsDType {
  return typeof value === "string" && value in BYTES;
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((count) => Number.isInteger(count) && count >= 0);
}
