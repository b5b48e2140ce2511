// Numeric inner loops: `!` stands where `noUncheckedIndexedAccess` would cost a branch per pixel.
import type { DataSet } from "dicom-parser";
import { unsupportedDicom } from "./damaged_dicom.ts";
import type { Frame } from "./decode_frame.ts";
import { codesOf } from "./grey_levels.ts";
import { lookUp, readLookupTable } from "./lookup_table.ts";
import type { PixelModule } from "./pixel_module.ts";

/**
 * Turns the samples of a colour or palette frame into RGB.
 *
 * @returns Levels `[rows, columns, 3]`.
 * @throws {DomainError} `damaged_image` or `unsupported_image`.
 * @see DICOM PS3.3 C.7.6.3.1.2
 */
export function colourLevels(
  dataSet: DataSet,
  module: PixelModule,
  { words, photometric }: Frame,
): Uint8Array {
  const codes = codesOf(words, module);
  if (photometric === "PALETTE COLOR") return paletteLevels(dataSet, module, codes);
  const levels = eightBits(codes, module.bitsStored);
  if (photometric === "YBR_FULL") return ybrToRgb(levels);
  return photometric === "YBR_FULL_422" ? ybrToRgb(widened(levels)) : levels;
}

function paletteLevels(
  dataSet: DataSet,
  { bitsStored, isSigned }: PixelModule,
  codes: Uint8Array | Uint16Array,
): Uint8Array {
  if (dataSet.elements["x00281201"] === undefined && dataSet.elements["x00281221"]) {
    throw unsupportedDicom("its palette must be whole", "it is written in segments");
  }
  const data = new Uint8Array(codes.length * 3);
  for (let colour = 0; colour < 3; colour++) {
    const table = readLookupTable(
      dataSet,
      `x0028110${colour + 1}`,
      `x0028120${colour + 1}`,
      isSigned,
    );
    const levels = Uint8Array.from({ length: 2 ** bitsStored }, (_, code) => {
      const isNegative = isSigned && code >= 2 ** (bitsStored - 1);
      return lookUp(table, isNegative ? code - 2 ** bitsStored : code) >> (table.bits - 8);
    });
    for (let pixel = 0; pixel < codes.length; pixel++) {
      data[3 * pixel + colour] = levels[codes[pixel]!]!;
    }
  }
  return data;
}

/** The upper 8 bits, as of other formats; fewer are spread. */
function eightBits(codes: Uint8Array | Uint16Array, bitsStored: number): Uint8Array {
  if (bitsStored === 8) return codes instanceof Uint8Array ? codes : Uint8Array.from(codes);
  const last = 2 ** bitsStored - 1;
  return Uint8Array.from(codes, (code) =>
    bitsStored > 8 ? code >> (bitsStored - 8) : Math.round((code * 255) / last),
  );
}

/** Two pixels of `[Y, Y, Cb, Cr]` as two of `[Y, Cb, Cr]`. */
function widened(halved: Uint8Array): Uint8Array {
  const data = new Uint8Array((halved.length / 4) * 6);
  for (let from = 0, to = 0; from < halved.length; from += 4, to += 6) {
    data[to] = halved[from]!;
    data[to + 3] = halved[from + 1]!;
    data[to + 1] = data[to + 4] = halved[from + 2]!;
    data[to + 2] = data[to + 5] = halved[from + 3]!;
  }
  return data;
}

/** Brightness and colours, full range, as RGB. */
function ybrToRgb(ybr: Uint8Array): Uint8Array {
  const data = new Uint8ClampedArray(ybr.length); // rounds and clips
  for (let at = 0; at < ybr.length; at += 3) {
    const y = ybr[at]!;
    const blue = ybr[at + 1]! - 128;
    const red = ybr[at + 2]! - 128;
    data[at] = y + 1.402 * red;
    data[at + 1] = y - 0.344136 * blue - 0.714136 * red;
    data[at + 2] = y + 1.772 * blue;
  }
  return new Uint8Array(data.buffer);
}
