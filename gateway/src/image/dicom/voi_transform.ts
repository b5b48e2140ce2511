import { DomainError } from "@medv/proto";
import type { DataSet } from "dicom-parser";
import type { ImageChoice, OwnWindow } from "../decoded_image.ts";
import { decimals, items } from "./data_set.ts";
import { frameScopes } from "./functional_groups.ts";
import { lookUp, readLookupTable } from "./lookup_table.ts";
import type { WINDOW_FUNCTIONS } from "./terms.ts";

/** Which values of interest are shown, as it is told to the caller. */
export type VoiWindow = {
  /** Of those that the file offers, from 1: first its windows, then its lookup tables. 0 where it is none of them. */
  readonly number: number;
  readonly of: number;
  readonly function: (typeof WINDOW_FUNCTIONS)[number];
  /** In units of the modality; not for a LUT. */
  readonly center?: number;
  readonly width?: number;
};

/** A window, and what it makes of a value: 0 (first colour) to 1 (last colour). */
export type VoiTransform = {
  readonly window: VoiWindow;
  readonly level: (value: number) => number;
};

/**
 * What the file offers to show its values by.
 *
 * @param frame From 0.
 * @param choice From 1, or the caller's own; the first where it is not given.
 * @returns Nothing where the file offers nothing.
 * @throws {DomainError} `damaged_image`; `invalid_request` if there is no such choice.
 * @see DICOM PS3.3 C.11.2
 */
export function voiTransform(
  dataSet: DataSet,
  frame: number,
  { choice, isSigned }: { readonly choice: ImageChoice["window"]; readonly isSigned: boolean },
): VoiTransform | undefined {
  const offers = [...windows(dataSet, frame), ...tables(dataSet, isSigned)];
  if (typeof choice === "object") return ownTransform(choice, offers.length);
  const found = offers[(choice ?? 1) - 1];
  if (found === undefined && choice !== undefined) {
    throw new DomainError(
      "invalid_request",
      `Cannot take window ${choice} as the image must offer it: it offers ${offers.length}`,
      { field: "window" },
    );
  }
  return found && { ...found, window: { ...found.window, number: choice ?? 1, of: offers.length } };
}

/**
 * A window that the caller gives.
 *
 * @param of How many the file offers.
 */
export function ownTransform({ center, width }: OwnWindow, of: number): VoiTransform {
  return {
    window: { number: 0, of, function: "LINEAR", center, width },
    level: windowLevel("LINEAR", center, width),
  };
}

/**
 * The level of a value under a window.
 *
 * @returns 0 to 1.
 * @see DICOM PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT)
 */
export function windowLevel(
  shape: "LINEAR" | "LINEAR_EXACT" | "SIGMOID",
  center: number,
  width: number,
): (value: number) => number {
  if (shape === "SIGMOID") return (value) => 1 / (1 + Math.exp((-4 * (value - center)) / width));
  const middle = shape === "LINEAR" ? center - 0.5 : center;
  const span = shape === "LINEAR" ? width - 1 : width;
  return (value) => {
    if (value <= middle - span / 2) return 0;
    if (value > middle + span / 2) return 1;
    return (value - middle) / span + 0.5;
  };
}

const FRAME_VOI_LUT = "x00289132";
const SHAPES = ["LINEAR", "LINEAR_EXACT", "SIGMOID"] as const;

function windows(dataSet: DataSet, frame: number): readonly VoiTransform[] {
  for (const scope of frameScopes(dataSet, frame, FRAME_VOI_LUT)) {
    const centers = decimals(scope, "x00281050");
    const widths = decimals(scope, "x00281051");
    const shape = SHAPES.find((each) => each === scope.string("x00281056")) ?? "LINEAR";
    const found = centers.flatMap((center, at): VoiTransform[] => {
      const width = widths[at];
      // Scanners write a width of 0 where they know none; the standard forbids it.
      if (width === undefined || width <= 0 || (shape === "LINEAR" && width < 1)) return [];
      return [
        {
          window: { number: 0, of: 0, function: shape, center, width },
          level: windowLevel(shape, center, width),
        },
      ];
    });
    if (found.length > 0) return found;
  }
  return [];
}

function tables(dataSet: DataSet, isSigned: boolean): readonly VoiTransform[] {
  return items(dataSet, "x00283010").map((item) => {
    const table = readLookupTable(item, "x00283002", "x00283006", isSigned);
    const last = 2 ** table.bits - 1;
    return {
      window: { number: 0, of: 0, function: "LUT" },
      level: (value) => Math.min(lookUp(table, value) / last, 1),
    };
  });
}
