// Numeric inner loops: `!` stands where `noUncheckedIndexedAccess` would cost a branch per pixel.
import type { OwnWindow, ValueRange } from "./decoded_image.ts";
import { ownTransform, type VoiWindow } from "./dicom/voi_transform.ts";

/**
 * What a screen shows of grey of 16 bits: a window of it, or its upper 8 bits.
 *
 * @param words `[pixels]`
 * @returns Levels `[pixels, 3]`, and between which values a window is of use.
 */
export function levelsOfGrey16(
  words: Uint16Array,
  window: OwnWindow | undefined,
): { readonly data: Uint8Array; readonly window?: VoiWindow; readonly valueRange: ValueRange } {
  const voi = window && ownTransform(window, 0);
  const data = new Uint8Array(words.length * 3);
  let least = 0xffff;
  let most = 0;
  for (let pixel = 0; pixel < words.length; pixel++) {
    const value = words[pixel]!;
    if (value < least) least = value;
    if (value > most) most = value;
    const level = voi === undefined ? value >> 8 : Math.round(voi.level(value) * 255);
    data.fill(level, 3 * pixel, 3 * pixel + 3);
  }
  return { data, ...(voi !== undefined && { window: voi.window }), valueRange: [least, most] };
}
