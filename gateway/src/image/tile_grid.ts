/** Width and height in pixels. */
export type Resolution = readonly [width: number, height: number];

/** The canvas that an image is cut from. */
export type TileGrid = {
  /** Canvas in pixels. */
  readonly width: number;
  readonly height: number;
  /** Canvas in tiles. */
  readonly gridWidth: number;
  readonly gridHeight: number;
};

/**
 * Chooses the canvas for an image in "anyres" mode: the one that keeps most of its pixels, then the one that wastes least,
 * then the first.
 *
 * @param size Of the image.
 * @param pinpoints Canvases to choose from, each side a multiple of `imageSize`.
 * @param imageSize Side of a tile in pixels.
 * @throws {RangeError} If there is no canvas or one is not made of whole tiles.
 * @see LLaVA-NeXT's `select_best_resolution` in `llava/mm_utils.py`
 */
export function tileGrid(
  [width, height]: Resolution,
  pinpoints: readonly Resolution[],
  imageSize: number,
): TileGrid {
  let best: Resolution | undefined;
  let bestKept = 0;
  let bestWaste = Infinity;
  for (const canvas of pinpoints) {
    const [canvasWidth, canvasHeight] = canvas;
    if (!isTiled(canvasWidth, imageSize) || !isTiled(canvasHeight, imageSize)) {
      throw new RangeError(
        `Cannot choose a tile grid as canvas sides must be positive multiples of ${imageSize}: one is ${canvasWidth}×${canvasHeight}`,
      );
    }
    const scale = Math.min(canvasWidth / width, canvasHeight / height);
    const kept = Math.min(Math.trunc(width * scale) * Math.trunc(height * scale), width * height);
    const waste = canvasWidth * canvasHeight - kept;
    if (best === undefined || kept > bestKept || (kept === bestKept && waste < bestWaste)) {
      best = canvas;
      bestKept = kept;
      bestWaste = waste;
    }
  }
  if (best === undefined) {
    throw new RangeError("Cannot choose a tile grid as it needs a canvas: the pinpoints are empty");
  }
  return {
    width: best[0],
    height: best[1],
    gridWidth: best[0] / imageSize,
    gridHeight: best[1] / imageSize,
  };
}

function isTiled(side: number, imageSize: number): boolean {
  return Number.isSafeInteger(side) && side > 0 && side % imageSize === 0;
}
