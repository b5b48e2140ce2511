import { DomainError } from "@medv/proto";

/** Formats that are taken. */
export type ImageFormat = "jpeg" | "png" | "webp";

const SUPPORTED = "JPEG, PNG or WebP";

/**
 * Reads an image's format from its first bytes; names and declared types are not asked.
 *
 * @param bytes The file, of which the first kilobyte is looked at.
 * @throws {DomainError} `unsupported_image`, naming what was found where it is recognised.
 */
export function imageFormat(bytes: Uint8Array): ImageFormat {
  for (const format of ["jpeg", "png", "webp"] as const) {
    if (SIGNATURES[format].some((signature) => matches(bytes, signature))) return format;
  }
  throw new DomainError(
    "unsupported_image",
    `Cannot read the image as only ${SUPPORTED} is taken: the bytes are ${foreignFormat(bytes)}`,
    { hint: `Convert the image to ${SUPPORTED}` },
  );
}

/** Text at an offset, each character one byte; several must all be there. */
type Signature = readonly (readonly [offset: number, text: string])[];

const SIGNATURES: Readonly<Record<ImageFormat, readonly Signature[]>> = {
  jpeg: [[[0, "\xff\xd8\xff"]]],
  png: [[[0, "\x89PNG\r\n\x1a\n"]]],
  webp: [
    [
      [0, "RIFF"],
      [8, "WEBP"],
    ],
  ],
};

/** What people send by mistake, in the order of asking. */
const FOREIGN: readonly (readonly [name: string, ...signatures: Signature[]])[] = [
  ["GIF", [[0, "GIF8"]]],
  ["DICOM", [[128, "DICM"]]],
  ["TIFF", [[0, "II*\0"]], [[0, "MM\0*"]], [[0, "II+\0"]], [[0, "MM\0+"]]],
  ["PDF", [[0, "%PDF-"]]],
  ["AVIF", [[4, "ftypavif"]], [[4, "ftypavis"]]],
  [
    "HEIC",
    ...["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"].map((brand): Signature => [
      [4, `ftyp${brand}`],
    ]),
  ],
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
