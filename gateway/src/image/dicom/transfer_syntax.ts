import { DomainError } from "@medv/proto";

/** How the pixels of a frame are packed. */
export type PixelCoding =
  | "native"
  | "rle"
  | "jpeg"
  | "jpeg_lossless"
  | "jpeg_ls"
  | "jpeg_2000"
  | "htj2k";

/**
 * How a transfer syntax packs pixels.
 *
 * @throws {DomainError} `unsupported_image`, naming the syntax where it is one of DICOM's.
 * @see DICOM PS3.6 Annex A
 */
export function pixelCoding(uid: string): PixelCoding {
  const coding = CODINGS[uid];
  if (coding !== undefined) return coding;
  // Not the UID itself: it may be anything that the file says.
  const name = REFUSED.find(([prefix]) => uid.startsWith(prefix))?.[1] ?? "one that is not known";
  throw new DomainError(
    "unsupported_image",
    `Cannot read the DICOM file as its transfer syntax must be one that is taken: it is ${name}`,
    { hint: "Convert it to Explicit VR Little Endian, for example with gdcmconv --raw" },
  );
}

export const IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2";
export const DEFLATED = "1.2.840.10008.1.2.1.99";
export const BIG_ENDIAN = "1.2.840.10008.1.2.2";
export const JPEG_EXTENDED = "1.2.840.10008.1.2.4.51";

const CODINGS: Readonly<Record<string, PixelCoding>> = {
  [IMPLICIT_LITTLE_ENDIAN]: "native",
  "1.2.840.10008.1.2.1": "native",
  [DEFLATED]: "native",
  [BIG_ENDIAN]: "native",
  "1.2.840.10008.1.2.5": "rle",
  "1.2.840.10008.1.2.4.50": "jpeg",
  [JPEG_EXTENDED]: "jpeg",
  "1.2.840.10008.1.2.4.57": "jpeg_lossless",
  "1.2.840.10008.1.2.4.70": "jpeg_lossless",
  "1.2.840.10008.1.2.4.80": "jpeg_ls",
  "1.2.840.10008.1.2.4.81": "jpeg_ls",
  "1.2.840.10008.1.2.4.90": "jpeg_2000",
  "1.2.840.10008.1.2.4.91": "jpeg_2000",
  "1.2.840.10008.1.2.4.201": "htj2k",
  "1.2.840.10008.1.2.4.202": "htj2k",
  "1.2.840.10008.1.2.4.203": "htj2k",
};

/** By the beginning of the UID, longer ones first. */
const REFUSED: readonly (readonly [prefix: string, name: string])[] = [
  ["1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed"],
  ["1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Multi-component"],
  ["1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2 Multi-component"],
  ["1.2.840.10008.1.2.4.94", "JPIP"],
  ["1.2.840.10008.1.2.4.95", "JPIP"],
  ["1.2.840.10008.1.2.4.204", "JPIP HTJ2K"],
  ["1.2.840.10008.1.2.4.205", "JPIP HTJ2K"],
  ["1.2.840.10008.1.2.4.100", "MPEG-2 video"],
  ["1.2.840.10008.1.2.4.101", "MPEG-2 video"],
  ["1.2.840.10008.1.2.4.102", "MPEG-4 video"],
  ["1.2.840.10008.1.2.4.103", "MPEG-4 video"],
  ["1.2.840.10008.1.2.4.104", "MPEG-4 video"],
  ["1.2.840.10008.1.2.4.105", "MPEG-4 video"],
  ["1.2.840.10008.1.2.4.106", "MPEG-4 video"],
  ["1.2.840.10008.1.2.4.107", "HEVC video"],
  ["1.2.840.10008.1.2.4.108", "HEVC video"],
  ["1.2.840.10008.1.2.4.11", "JPEG XL"],
  ["1.2.840.10008.1.2.4.5", "a retired JPEG process"],
  ["1.2.840.10008.1.2.4.6", "a retired JPEG process"],
  ["1.2.840.10008.1.2.7", "SMPTE ST 2110 video"],
];
