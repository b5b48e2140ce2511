import { DomainError } from "@medv/proto";

/** Names of the formats that are taken. */
export const FORMATS = ["dicom", "jpeg", "png", "webp", "gif", "tiff", "avif", "heic"] as const;

export type ImageFormat = (typeof FORMATS)[number];

const SUPPORTED = "JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC or DICOM";

/**
 * Reads an image's format from its first bytes; names and declared types are not asked.
 *
 * @param bytes The file, of which the first kilobyte is looked at.
 * @throws {DomainError} `unsupported_image`, naming what was found where it is recognised.
 */
export function imageFormat(bytes: Uint8Array): ImageFormat {
  for (const format of FORMATS) {
    if (SIGNATURES[format].some((signature) => matches(bytes, signature))) return format;
  }
  const still = stillFormat(bytes);
  if (still !== undefined) return still;
  throw new DomainError(
    "unsupported_image",
    `Cannot read the image as only ${SUPPORTED} is taken: the bytes are ${foreignFormat(bytes)}`,
    { hint: `Convert the image to ${SUPPORTED}` },
  );
}

/** Text at an offset, each character one byte; several must all be there. */
type Signature = readonly (readonly [offset: number, text: string])[];

const SIGNATURES: Readonly<Record<ImageFormat, readonly Signature[]>> = {
  // First, as the 128 bytes before it may hold another format's head.
  dicom: [[[128, "DICM"]]],
  jpeg: [[[0, "\xff\xd8\xff"]]],
  png: [[[0, "\x89PNG\r\n\x1a\n"]]],
  webp: [
    [
      [0, "RIFF"],
      [8, "WEBP"],
    ],
  ],
  gif: [[[0, "GIF87a"]], [[0, "GIF89a"]]],
  tiff: [[[0, "II*\0"]], [[0, "MM\0*"]], [[0, "II+\0"]], [[0, "MM\0+"]]],
  avif: [[[4, "ftypavif"]]],
  heic: ["heic", "heix", "heim", "heis", "hevc", "hevx"].map((brand): Signature => [
    [4, `ftyp${brand}`],
  ]),
};

/**
 * What a still image of no brand of its own is compatible with.
 *
 * @see ISO/IEC 23008-12 10.2
 */
function stillFormat(bytes: Uint8Array): ImageFormat | undefined {
  if (!["mif1", "msf1"].some((brand) => matches(bytes, [[4, `ftyp${brand}`]]))) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = Math.min(view.getUint32(0), bytes.length, MAX_BRANDS_BYTES);
  for (let at = 16; at + 4 <= end; at += 4) {
    if (matches(bytes, [[at, "avif"]])) return "avif";
    if (matches(bytes, [[at, "heic"]]) || matches(bytes, [[at, "heix"]])) return "heic";
  }
  return undefined;
}

const MAX_BRANDS_BYTES = 256;

/** What people send by mistake, in the order of asking. */
const FOREIGN: readonly (readonly [name: string, ...signatures: Signature[]])[] = [
  ["PDF", [[0, "%PDF-"]]],
  ["an AVIF sequence", [[4, "ftypavis"]]],
  ["MP4 or QuickTime video", [[4, "ftyp"]]],
  ["BMP", [[0, "BM"]]],
  ["JPEG 2000", [[0, "\0\0\0\x0cjP  "]], [[0, "\xff\x4f\xff\x51"]]],
  ["JPEG XL", [[0, "\xff\x0a"]], [[0, "\0\0\0\x0cJXL "]]],
  ["Photoshop", [[0, "8BPS"]]],
  ["NIfTI", [[344, "n+1\0"]], [[344, "ni1\0"]]],
  ["gzip", [[0, "\x1f\x8b"]]],
  ["ZIP", [[0, "PK\x03\x04"]]],
];

/** How many bytes are asked whether they are text. */
const TEXT_PREFIX = 1024;

function foreignFormat(bytes: Uint8Array): string {
  if (bytes.length === 0) return "empty";
  const found = FOREIGN.find(([, ...signatures]) =>
    signatures.some((signature) => matches(bytes, signature)),
  );
  if (found !== undefined) return found[0];
  const prefix = new TextDecoder("latin1").decode(bytes.subarray(0, TEXT_PREFIX));
  if (/<svg[\s>]/i.test(prefix)) return "SVG";
  if (/^\s*(?:\u00ef\u00bb\u00bf)?\s*<(?:!doctype html|html)/i.test(prefix)) return "HTML";
  // Control characters other than tab, line feed and carriage return do not stand in text.
  const isText = bytes
    .subarray(0, TEXT_PREFIX)
    .every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
  return isText ? "text" : "of no known format";
}

function matches(bytes: Uint8Array, signature: Signature): boolean {
  return signature.every(([offset, text]) =>
    Array.from(text).every((character, at) => bytes[offset + at] === character.charCodeAt(0)),
  );
}
