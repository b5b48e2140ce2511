import { decimals, items } from "./data_set.ts";
import type { DataSet } from "dicom-parser";
import { frameScopes } from "./functional_groups.ts";
import { lookUp, readLookupTable } from "./lookup_table.ts";

/**
 * From stored values to the scanner's own, such as Hounsfield units: a lookup table, or slope and intercept.
 *
 * @param frame From 0.
 * @throws {DomainError} `damaged_image`.
 * @see DICOM PS3.3 C.11.1
 */
export function modalityTransform(
  dataSet: DataSet,
  frame: number,
  isSigned: boolean,
): (stored: number) => number {
  const [table] = items(dataSet, "x00283000");
  if (table !== undefined) {
    const modality = readLookupTable(table, "x00283002", "x00283006", isSigned);
    return (stored) => lookUp(modality, stored);
  }
  for (const scope of frameScopes(dataSet, frame, PIXEL_VALUE_TRANSFORMATION)) {
    const [intercept] = decimals(scope, "x00281052");
    const [slope] = decimals(scope, "x00281053");
    if (intercept === undefined && slope === undefined) continue;
    return (stored) => stored * (slope ?? 1) + (intercept ?? 0);
  }
  return (stored) => stored;
}

const PIXEL_VALUE_TRANSFORMATION = "x00289145";
