import type { DataSet } from "dicom-parser";
import { damagedDicom, unsupportedDicom } from "./damaged_dicom.ts";

const PHOTOMETRIC = [
  "MONOCHROME1",
  "MONOCHROME2",
  "PALETTE COLOR",
  "RGB",
  "YBR_FULL",
  "YBR_FULL_422",
  "YBR_ICT",
  "YBR_RCT",
] as const;

/** What the samples of a pixel mean. */
export type Photometric = (typeof PHOTOMETRIC)[number];

/** How the pixels of a file are laid out (PS3.3 C.7.6.3, Image Pixel Module). */
export type PixelModule = {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  /** 1 or 3 values a pixel. */
  readonly samples: number;
  readonly photometric: Photometric;
  /** Whether native samples stand one plane after the other. */
  readonly isPlanar: boolean;
  /** 1, 8 or 16 bits of memory a sample. */
  readonly bitsAllocated: number;
  /** Of which these hold the value, */
  readonly bitsStored: number;
  /** up to this one, counted from 0. */
  readonly highBit: number;
  readonly isSigned: boolean;
};

/** @throws {DomainError} `unsupported_image` or `damaged_image`. */
export function readPixelModule(dataSet: DataSet): PixelModule {
  if (dataSet.elements["x7fe00010"] === undefined) {
    const state =
      (dataSet.elements["x7fe00008"] ?? dataSet.elements["x7fe00009"])
        ? "its pixels are floating-point numbers"
        : "it has none";
    throw unsupportedDicom("it must have integer pixels", state);
  }
  const photometric = readPhotometric(dataSet);
  const bitsAllocated = required(dataSet, "x00280100");
  const bitsStored = dataSet.uint16("x00280101") ?? bitsAllocated;
  const module: PixelModule = {
    rows: required(dataSet, "x00280010"),
    columns: required(dataSet, "x00280011"),
    frames: dataSet.intString("x00280008") ?? 1,
    samples: required(dataSet, "x00280002"),
    photometric,
    isPlanar: dataSet.uint16("x00280006") === 1,
    bitsAllocated,
    bitsStored,
    highBit: dataSet.uint16("x00280102") ?? bitsStored - 1,
    isSigned: dataSet.uint16("x00280103") === 1,
  };
  check(module);
  return module;
}

function readPhotometric(dataSet: DataSet): Photometric {
  const text = dataSet.string("x00280004");
  const known = PHOTOMETRIC.find((each) => each === text);
  if (known !== undefined) return known;
  const refused = ["YBR_PARTIAL_422", "YBR_PARTIAL_420", "ARGB", "CMYK", "HSV", "XYB"];
  throw unsupportedDicom(
    `its photometric interpretation must be one of ${PHOTOMETRIC.join(", ")}`,
    `it is ${refused.find((each) => each === text) ?? "one that is not known"}`,
  );
}

function check(module: PixelModule): void {
  const { rows, columns, frames, samples, photometric } = module;
  const { bitsAllocated, bitsStored, highBit } = module;
  if (rows === 0 || columns === 0) throw damagedDicom(`it is ${columns}×${rows} pixels`);
  if (!Number.isSafeInteger(frames) || frames < 1) throw damagedDicom("it has no frames");
  const expected = isColour(photometric) ? 3 : 1;
  if (samples !== expected) {
    throw damagedDicom(`it has ${samples} samples a pixel, and ${photometric} has ${expected}`);
  }
  if (![1, 8, 16].includes(bitsAllocated)) {
    throw unsupportedDicom("it must have 1, 8 or 16 bits a sample", `it has ${bitsAllocated}`);
  }
  if (bitsStored < 1 || bitsStored > bitsAllocated || highBit >= bitsAllocated) {
    throw damagedDicom(`it has ${bitsStored} bits up to bit ${highBit} in ${bitsAllocated}`);
  }
  if (highBit < bitsStored - 1) {
    throw damagedDicom(`its ${bitsStored} bits do not fit below bit ${highBit}`);
  }
  if (photometric === "YBR_FULL_422" && columns % 2 === 1) {
    throw damagedDicom(`it is ${columns} pixels wide, and YBR_FULL_422 wants an even number`);
  }
}

/** Whether a pixel is three samples. */
export function isColour(photometric: Photometric): boolean {
  return !["MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"].includes(photometric);
}

function required(dataSet: DataSet, tag: string): number {
  const value = dataSet.uint16(tag);
  if (value === undefined) {
    throw damagedDicom(`attribute (${tag.slice(1, 5)},${tag.slice(5)}) is missing`);
  }
  return value;
}
