import { type Attribute, words, writeDicom } from "./write_dicom.ts";

/** A file of one row, as many pixels wide as the values say. */
export function oneRowFile(
  pixels: { readonly bits: 1 | 8 | 16; readonly values: readonly number[] },
  ...more: readonly Attribute[]
): Uint8Array {
  const { bits, values } = pixels;
  const samples = Number(more.find(([tag]) => tag === "00280002")?.[2] ?? 1);
  const attributes = new Map<string, Attribute>();
  for (const attribute of [
    ["00280002", "US", samples],
    ["00280004", "CS", "MONOCHROME2"],
    ["00280010", "US", 1],
    ["00280011", "US", values.length / samples],
    ["00280100", "US", bits],
    ["00280101", "US", bits],
    ["00280102", "US", bits - 1],
    ["00280103", "US", 0],
    ["7fe00010", "OW", bits === 16 ? words(...values) : Uint8Array.from(values)],
    ...more,
  ] as const) {
    attributes.set(attribute[0], attribute);
  }
  return writeDicom([...attributes.values()]);
}
