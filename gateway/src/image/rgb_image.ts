/** 8-bit RGB pixels, row by row. */
export type RgbImage = {
  /** `[height, width, 3]` */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
};

/**
 * One colour everywhere.
 *
 * @param width Pixels.
 * @param height Pixels.
 * @param level Of red, green and blue alike, 0 to 255.
 */
export function plainImage(width: number, height: number, level: number): RgbImage {
  return { data: new Uint8Array(width * height * 3).fill(level), width, height };
}

/**
 * Copies the whole of `source` into `target`.
 *
 * @param left Column of `target` where the source's first column goes.
 * @param top Row of `target` where the source's first row goes.
 * @throws {RangeError} If `source` does not fit there.
 */
export function paste(target: RgbImage, source: RgbImage, left: number, top: number): void {
  if (
    left < 0 ||
    top < 0 ||
    left + source.width > target.width ||
    top + source.height > target.height
  ) {
    throw new RangeError(
      `Cannot paste ${source.width}×${source.height} at (${left}, ${top}) as it must fit: the target is ${target.width}×${target.height}`,
    );
  }
  const bytes = source.width * 3;
  for (let row = 0; row < source.height; row++) {
    const line = source.data.subarray(row * bytes, (row + 1) * bytes);
    target.data.set(line, ((top + row) * target.width + left) * 3);
  }
}

/**
 * Copies a square out of `source` into `target`, which it fills.
 *
 * @param target `[size, size, 3]`
 * @param left First column of the square.
 * @param top First row of the square.
 * @param size Side in pixels.
 */
export function cutSquare(
  target: Uint8Array,
  source: RgbImage,
  { left, top, size }: { readonly left: number; readonly top: number; readonly size: number },
): void {
  for (let row = 0; row < size; row++) {
    const start = ((top + row) * source.width + left) * 3;
    target.set(source.data.subarray(start, start + size * 3), row * size * 3);
  }
}
