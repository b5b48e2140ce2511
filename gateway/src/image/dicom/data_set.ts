import dicomParser, { type DataSet } from "dicom-parser";
import { inflateRawSync } from "node:zlib";
import { damagedDicom } from "./damaged_dicom.ts";
import { DEFLATED, type PixelCoding, pixelCoding } from "./transfer_syntax.ts";

/** A parsed file. */
export type DicomFile = {
  readonly dataSet: DataSet;
  readonly transferSyntax: string;
  readonly coding: PixelCoding;
};

/**
 * Parses a DICOM file (PS3.10) without touching its pixels.
 *
 * @param maxBytes Cap on what a deflated file may become.
 * @throws {DomainError} `damaged_image` or `unsupported_image`.
 */
export function parseDicom(bytes: Uint8Array, maxBytes: number): DicomFile {
  const transferSyntax = readTransferSyntax(bytes);
  const coding = pixelCoding(transferSyntax);
  try {
    const dataSet = dicomParser.parseDicom(bytes, {
      // Attributes of the inflated part only: the file's head has been read.
      inflater: (file, position) =>
        inflateRawSync(file.subarray(position), { maxOutputLength: maxBytes }),
    });
    return { dataSet, transferSyntax, coding };
  } catch {
    // The parser throws strings and objects that hold the attributes read so far.
    throw damagedDicom(
      transferSyntax === DEFLATED
        ? "its attributes cannot be inflated and read"
        : "its attributes cannot be read to the end",
    );
  }
}

/**
 * Numbers of a decimal string, as `RescaleSlope` is.
 *
 * @throws {DomainError} `damaged_image` if one is not a finite number.
 */
export function decimals(dataSet: DataSet, tag: string): readonly number[] {
  const text = dataSet.string(tag);
  if (text === undefined || text.trim() === "") return [];
  return text.split("\\").map((part) => {
    const number = Number(part);
    if (part.trim() === "" || !Number.isFinite(number)) {
      throw damagedDicom(`attribute ${tagName(tag)} is not a number`);
    }
    return number;
  });
}

/** The data sets of a sequence's items. */
export function items(dataSet: DataSet, tag: string): readonly DataSet[] {
  const found = dataSet.elements[tag]?.items ?? [];
  return found.flatMap((item) => (item.dataSet === undefined ? [] : [item.dataSet]));
}

/** "x00281053" as DICOM writes it, (0028,1053). */
function tagName(tag: string): string {
  return `(${tag.slice(1, 5)},${tag.slice(5)})`;
}

function readTransferSyntax(bytes: Uint8Array): string {
  try {
    const uid = dicomParser.readPart10Header(bytes).string("x00020010");
    if (uid !== undefined) return uid;
  } catch {
    // Said below.
  }
  throw damagedDicom("its head does not say the transfer syntax");
}
