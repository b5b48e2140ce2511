import dicomParser, { type DataSet, type Element } from "dicom-parser";
import { damagedDicom } from "./damaged_dicom.ts";
import type { DicomFile } from "./data_set.ts";
import type { PixelModule } from "./pixel_module.ts";
import { BIG_ENDIAN } from "./transfer_syntax.ts";
import { swapped } from "./words.ts";

/**
 * The bytes of one frame of a native pixel element.
 *
 * @param frame From 0.
 * @returns As stored; of 1-bit pixels, from the byte in which the frame begins.
 * @throws {DomainError} `damaged_image`.
 */
export function nativeFrame(
  { dataSet, transferSyntax }: DicomFile,
  module: PixelModule,
  frame: number,
): NativeFrame {
  const element = pixelElement(dataSet.elements);
  if (element.encapsulatedPixelData === true) {
    throw damagedDicom("its pixels are packed, and its transfer syntax says that they are not");
  }
  const all = orderedBytes(dataSet, element, transferSyntax, module.bitsAllocated);
  const bits = frameBits(module);
  const firstBit = frame * bits;
  const end = Math.ceil((firstBit + bits) / 8);
  if (end > all.length) {
    throw damagedDicom(
      `frame ${frame + 1} ends at byte ${end} of its pixels, and there are ${all.length}`,
    );
  }
  return { bytes: all.subarray(Math.floor(firstBit / 8), end), firstBit: firstBit % 8 };
}

export type NativeFrame = {
  readonly bytes: Uint8Array;
  /** Bits of the first byte that belong to the frame before. */
  readonly firstBit: number;
};

/**
 * The codestream of one frame of an encapsulated pixel element.
 *
 * @param frame From 0.
 * @throws {DomainError} `damaged_image`.
 * @see DICOM PS3.5 A.4
 */
export function encapsulatedFrame(
  { dataSet, coding }: DicomFile,
  { frames }: PixelModule,
  frame: number,
): Uint8Array {
  const element = pixelElement(dataSet.elements);
  const { fragments, basicOffsetTable: offsets = [] } = element;
  if (element.encapsulatedPixelData !== true || fragments === undefined) {
    throw damagedDicom("its pixels are not packed, and its transfer syntax says that they are");
  }
  if (fragments.length < frames) {
    throw damagedDicom(`it has ${frames} frames and ${fragments.length} fragments of them`);
  }
  const { byteArray } = dataSet;
  const read = (from: number, to: number): Uint8Array =>
    joined(
      fragments
        .slice(from, to)
        .map(({ position, length }) => byteArray.subarray(position, position + length)),
    );
  if (frames === 1) return read(0, fragments.length);
  if (fragments.length === frames) return read(frame, frame + 1);
  // Several fragments a frame: the table says where each begins, or the end markers do.
  if (offsets.length !== frames && coding === "rle") {
    throw damagedDicom("its table of frames is missing");
  }
  const starts =
    offsets.length === frames ? offsets : dicomParser.createJPEGBasicOffsetTable(dataSet, element);
  const place = (at: number): number => fragments.findIndex(({ offset }) => offset === starts[at]);
  const from = place(frame);
  const to = frame + 1 < frames ? place(frame + 1) : fragments.length;
  if (starts.length !== frames || from < 0 || to <= from) {
    throw damagedDicom("its table of frames does not fit its fragments");
  }
  return read(from, to);
}

/** The pixels' bytes in little-endian order: in big endian, what is written as words stands in pairs the wrong way round. */
function orderedBytes(
  { byteArray }: DataSet,
  { dataOffset, length, vr }: Element,
  transferSyntax: string,
  bitsAllocated: number,
): Uint8Array {
  const bytes = byteArray.subarray(dataOffset, dataOffset + length);
  const isSwapped = transferSyntax === BIG_ENDIAN && (vr === "OW" || bitsAllocated === 16);
  return isSwapped ? swapped(bytes) : bytes;
}

/** Bits of memory that a native frame takes. */
function frameBits({ rows, columns, samples, photometric, bitsAllocated }: PixelModule): number {
  // Of two pixels, YBR_FULL_422 keeps two brightnesses and one pair of colours.
  const perPixel = photometric === "YBR_FULL_422" ? 2 : samples;
  return rows * columns * perPixel * bitsAllocated;
}

function pixelElement(elements: Readonly<Record<string, Element>>): Element {
  const element = elements["x7fe00010"];
  if (element === undefined) throw damagedDicom("its pixels are missing");
  return element;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
}
