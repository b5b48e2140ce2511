import type { DataSet } from "dicom-parser";
import { items } from "./data_set.ts";

/**
 * Where an attribute of one frame may stand: in the frame's own functional group, in the shared one, or at the top, in the
 * order of asking. Only enhanced files have the first two.
 *
 * @param frame From 0.
 * @param macroTag The sequence that holds it in a functional group.
 * @see DICOM PS3.3 C.7.6.16
 */
export function frameScopes(dataSet: DataSet, frame: number, macroTag: string): readonly DataSet[] {
  const own = items(dataSet, PER_FRAME)[frame];
  const [shared] = items(dataSet, SHARED);
  const groups = [own, shared].filter((group) => group !== undefined);
  return [...groups.flatMap((group) => items(group, macroTag).slice(0, 1)), dataSet];
}

const SHARED = "x52009229";
const PER_FRAME = "x52009230";
