import type { DataSet } from "dicom-parser";
import { damagedDicom } from "./damaged_dicom.ts";

/** A table of DICOM: LUT, modality LUT or one colour of a palette. */
export type LookupTable = {
  /** `[entries]`, unsigned. */
  readonly entries: Uint16Array;
  /** The value that the first entry stands for; smaller ones take it too, larger ones the last. */
  readonly first: number;
  /** Of an entry: 8 to 16. */
  readonly bits: number;
};

/**
 * Reads a table.
 *
 * @param descriptorTag Of `[number of entries, first value, bits]`.
 * @param isSigned Whether the first value is signed where the file does not say so.
 * @throws {DomainError} `damaged_image`.
 * @see DICOM PS3.3 C.11.1.1, C.11.2.1.1, C.7.6.3.1.5
 */
export function readLookupTable(
  dataSet: DataSet,
  descriptorTag: string,
  dataTag: string,
  isSigned: boolean,
): LookupTable {
  const descriptor = dataSet.elements[descriptorTag];
  const data = dataSet.elements[dataTag];
  const bits = dataSet.uint16(descriptorTag, 2);
  if (descriptor === undefined || data === undefined || descriptor.length < 6) {
    throw damagedDicom("a lookup table lacks its descriptor or its data");
  }
  if (bits === undefined || bits < 8 || bits > 16) {
    throw damagedDicom(`a lookup table has entries of ${bits} bits`);
  }
  const readsSigned = descriptor.vr === "SS" || (descriptor.vr !== "US" && isSigned);
  const first = readsSigned ? dataSet.int16(descriptorTag, 1) : dataSet.uint16(descriptorTag, 1);
  // 65,536 does not fit its field and is written 0.
  const count = dataSet.uint16(descriptorTag, 0) || 65_536;
  const { byteArray, byteArrayParser } = dataSet;
  if (data.dataOffset + data.length > byteArray.length || data.length < count) {
    throw damagedDicom(`a lookup table has ${data.length} bytes for ${count} entries`);
  }
  // Entries of 8 bits may be packed two to a word.
  const isPacked = data.length < 2 * count;
  const entries = Uint16Array.from({ length: count }, (_, at) =>
    isPacked
      ? (byteArray[data.dataOffset + at] ?? 0)
      : byteArrayParser.readUint16(byteArray, data.dataOffset + 2 * at),
  );
  return { entries, first: first ?? 0, bits: isPacked ? 8 : bits };
}

/** The entry for a value. */
export function lookUp({ entries, first }: LookupTable, value: number): number {
  const at = Math.min(Math.max(Math.round(value) - first, 0), entries.length - 1);
  return entries[at] ?? 0;
}
