// Numeric inner loop: `!` stands where `noUncheckedIndexedAccess` would cost a branch per pixel.

/**
 * Lays an image on black.
 *
 * @param rgba `[pixels, 4]`
 * @returns `[pixels, 3]`, and whether anything of the black shows.
 */
export function onBlack(rgba: Uint8Array | Uint8ClampedArray): {
  readonly data: Uint8Array;
  readonly isTransparent: boolean;
} {
  const data = new Uint8Array((rgba.length / 4) * 3);
  let isTransparent = false;
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    const alpha = rgba[from + 3]!;
    isTransparent ||= alpha < 255;
    for (let colour = 0; colour < 3; colour++) {
      data[to + colour] = Math.trunc((rgba[from + colour]! * alpha) / 255);
    }
  }
  return { data, isTransparent };
}
