// Numeric inner loops: `!` stands where `noUncheckedIndexedAccess` would cost a branch per pixel.
import type { DataSet } from "dicom-parser";
import type { Frame } from "./decode_frame.ts";
import { modalityTransform } from "./modality_transform.ts";
import type { ImageChoice, ValueRange } from "../decoded_image.ts";
import type { PixelModule } from "./pixel_module.ts";
import { type VoiTransform, type VoiWindow, voiTransform } from "./voi_transform.ts";

/**
 * Turns the samples of a grey frame into what a screen shows: the modality's transform, then the values of interest, black on
 * white turned round, padding black. Each code of the samples is worked out once.
 *
 * @param frame From 0.
 * @param choice Of the windows, from 1, or the caller's own.
 * @returns Levels `[rows, columns, 3]`.
 * @throws {DomainError} `damaged_image`; `invalid_request` if there is no such window.
 */
export function greyLevels(
  dataSet: DataSet,
  module: PixelModule,
  { words, photometric }: Frame,
  { frame, choice }: { readonly frame: number; readonly choice: ImageChoice["window"] },
): {
  readonly data: Uint8Array;
  readonly window: VoiWindow;
  /** Undefined where all is padding. */
  readonly valueRange: ValueRange | undefined;
} {
  const { bitsStored, isSigned } = module;
  const codes = codesOf(words, module);
  const isPadding = paddingTest(dataSet, isSigned);
  const modality = modalityTransform(dataSet, frame, isSigned);
  const stored = (code: number): number =>
    isSigned && code >= 2 ** (bitsStored - 1) ? code - 2 ** bitsStored : code;
  const present = presentValues(codes, bitsStored, stored, isPadding);
  const valueRange = rangeOf(present, modality);
  const voi =
    voiTransform(dataSet, frame, { choice, isSigned }) ?? wholeRange(module, modality, valueRange);
  const levels = new Uint8Array(2 ** bitsStored);
  for (let code = 0; code < levels.length; code++) {
    const value = stored(code);
    if (isPadding(value)) continue;
    const level = Math.round(voi.level(modality(value)) * 255);
    levels[code] = photometric === "MONOCHROME1" ? 255 - level : level;
  }
  const data = new Uint8Array(codes.length * 3);
  for (let pixel = 0, at = 0; pixel < codes.length; pixel++, at += 3) {
    const level = levels[codes[pixel]!]!;
    data[at] = level;
    data[at + 1] = level;
    data[at + 2] = level;
  }
  return { data, window: voi.window, valueRange };
}

/** The bits that count, without what else a word may hold (overlays, an old habit). */
export function codesOf(
  words: Uint8Array | Uint16Array,
  { bitsStored, highBit }: PixelModule,
): Uint8Array | Uint16Array {
  const shift = highBit + 1 - bitsStored;
  const mask = 2 ** bitsStored - 1;
  const codes = words.slice();
  for (let pixel = 0; pixel < codes.length; pixel++) codes[pixel] = (words[pixel]! >> shift) & mask;
  return codes;
}

/**
 * Whether a stored value stands for "no image here".
 *
 * @see DICOM PS3.3 C.7.5.1.1.2
 */
function paddingTest(dataSet: DataSet, isSigned: boolean): (stored: number) => boolean {
  const read = (tag: string) => (isSigned ? dataSet.int16(tag) : dataSet.uint16(tag));
  const padding = read("x00280120");
  if (padding === undefined) return () => false;
  const limit = read("x00280121") ?? padding;
  const low = Math.min(padding, limit);
  const high = Math.max(padding, limit);
  return (stored) => stored >= low && stored <= high;
}

/** Each stored value that occurs and is not padding, once. */
function* presentValues(
  codes: Uint8Array | Uint16Array,
  bitsStored: number,
  stored: (code: number) => number,
  isPadding: (stored: number) => boolean,
): Generator<number> {
  const isPresent = new Uint8Array(2 ** bitsStored);
  for (let pixel = 0; pixel < codes.length; pixel++) isPresent[codes[pixel]!] = 1;
  for (let code = 0; code < isPresent.length; code++) {
    if (isPresent[code] === 1 && !isPadding(stored(code))) yield stored(code);
  }
}

/** Smallest and largest of the values that are there; undefined where there are none. */
function rangeOf(
  values: Iterable<number>,
  modality: (stored: number) => number,
): ValueRange | undefined {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    least = Math.min(least, modality(value));
    most = Math.max(most, modality(value));
  }
  return least <= most ? [least, most] : undefined;
}

/** Where the file offers no window: up to 8 bits are shown as they are, more from the smallest to the largest value. */
function wholeRange(
  { bitsStored, isSigned }: PixelModule,
  modality: (stored: number) => number,
  valueRange: ValueRange | undefined,
): VoiTransform {
  const isSmall = bitsStored <= 8;
  const offset = isSigned ? 2 ** (bitsStored - 1) : 0;
  const full = rangeOf([-offset, 2 ** bitsStored - 1 - offset], modality);
  const [least, most] = (isSmall ? full : valueRange) ?? [0, 0];
  return {
    window: { number: 0, of: 0, function: isSmall ? "FULL_RANGE" : "MIN_MAX" },
    level: (value) =>
      most > least ? Math.min(Math.max((value - least) / (most - least), 0), 1) : 0,
  };
}
