import type { DataSet } from "dicom-parser";
import { frameScopes } from "./functional_groups.ts";
import { BODY_PARTS, LATERALITIES, type Laterality, MODALITIES } from "./terms.ts";

/** All that leaves the parser besides pixels and the choice of frame and window. */
export type DicomDescription = {
  readonly modality?: string;
  readonly bodyPart?: string;
  readonly laterality?: Laterality;
  /** Between rows and between columns, in mm. */
  readonly spacingMm?: readonly [number, number];
};

/**
 * Reads what may be told of a file. Terms are compared with DICOM's own lists, so that a name in their place stays inside.
 *
 * @param frame From 0.
 */
export function dicomDescription(dataSet: DataSet, frame: number): DicomDescription {
  const anatomy = frameScopes(dataSet, frame, FRAME_ANATOMY);
  const modality = dataSet.string("x00080060") ?? "";
  const bodyPart = dataSet.string("x00180015") ?? "";
  const sides = ["x00209072", "x00200062", "x00200060"].flatMap((tag) =>
    anatomy.map((scope) => scope.string(tag)),
  );
  const laterality = LATERALITIES.find((term) => term === sides.find((side) => side !== undefined));
  const spacingMm = spacing(dataSet, frame);
  return {
    ...(MODALITIES.has(modality) && { modality }),
    ...(BODY_PARTS.has(bodyPart) && { bodyPart }),
    ...(laterality !== undefined && { laterality }),
    ...(spacingMm !== undefined && { spacingMm }),
  };
}

/** Whether names may stand in the pixels themselves. */
export function dicomSuspicions(dataSet: DataSet): {
  readonly isBurnedIn: boolean;
  readonly isSecondaryCapture: boolean;
} {
  return {
    isBurnedIn: dataSet.string("x00280301") === "YES",
    isSecondaryCapture:
      dataSet.string("x00080016")?.startsWith(SECONDARY_CAPTURE) === true ||
      dataSet.string("x00080064") !== undefined,
  };
}

const FRAME_ANATOMY = "x00209071";
const PIXEL_MEASURES = "x00289110";
/** The class and, by longer UIDs, its multi-frame forms. */
const SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7";

/** In the patient, else at the detector. */
function spacing(dataSet: DataSet, frame: number): readonly [number, number] | undefined {
  const scopes = frameScopes(dataSet, frame, PIXEL_MEASURES);
  for (const tag of ["x00280030", "x00181164"]) {
    for (const scope of scopes) {
      // Not `floatString()`, which throws where the second number is missing.
      const [rows = NaN, columns = NaN] = (scope.string(tag) ?? "").split("\\").map(Number);
      if (rows > 0 && columns > 0 && columns < Infinity && rows < Infinity) {
        return [rows, columns];
      }
    }
  }
  return undefined;
}
