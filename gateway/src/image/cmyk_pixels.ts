// Numeric inner loop: `!` stands where `noUncheckedIndexedAccess` would cost a branch per pixel.

/**
 * Turns ink amounts into RGB as Pillow's `convert("RGB")` does: light that neither the ink nor the black takes.
 *
 * @param cmyk `[pixels, 4]`, 0 = no ink, 255 = all of it.
 * @returns `[pixels, 3]`
 * @see Pillow 9.4, `src/libImaging/Convert.c`, `cmyk2rgb`
 */
export function rgbOfCmyk(cmyk: Uint8Array): Uint8Array {
  const pixels = cmyk.length / 4;
  const rgb = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = pixel * 4;
    const to = pixel * 3;
    const light = 255 - cmyk[from + 3]!;
    rgb[to] = light - scaledBy(cmyk[from]!, light);
    rgb[to + 1] = light - scaledBy(cmyk[from + 1]!, light);
    rgb[to + 2] = light - scaledBy(cmyk[from + 2]!, light);
  }
  return rgb;
}

/** a · b / 255, rounded to the nearest integer without a division. */
function scaledBy(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}
