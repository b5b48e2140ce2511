import { type RgbImage, cutSquare, paste, plainImage } from "./rgb_image.ts";
import { type Resolution, type TileGrid, tileGrid } from "./tile_grid.ts";
import { resizeBicubic } from "./resize_bicubic.ts";

/** What the model wants its images to look like. */
export type PreprocessSettings = {
  /** Side of a tile in pixels. */
  readonly imageSize: number;
  /** "square", "pad", "anyres" or "anyres_max_N"; the published code takes any other value as "square". */
  readonly aspectRatio: string;
  /** Canvases of "anyres", `[width, height]` in pixels. */
  readonly gridPinpoints: readonly Resolution[];
};

/** An image as the vision tower takes it, before normalisation (which its graph does). */
export type PreprocessedImage = {
  /** `[tiles, imageSize, imageSize, 3]` */
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly tiles: number;
  readonly imageSize: number;
  /** Of the image as a person sees it, after orientation, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Tiles side by side and one above the other, without the whole image; 0 and 0 where there is one tile only. */
  readonly gridWidth: number;
  readonly gridHeight: number;
  readonly preprocessingVersion: string;
};

/** Part of every cache key: another string whenever the same bytes would give other pixels. */
export const PREPROCESSING_VERSION = "pillow-bicubic-2";

/** Grey of the bars of "pad": the published processor's mean of 0.5 in 8 bits. */
const PAD_LEVEL = 127;

/**
 * Makes the tiles of an image, bit for bit as the published code does with Pillow.
 *
 * "square" gives the image stretched to one tile, "pad" the image on a grey square, "anyres" the stretched image followed by
 * the tiles of the enlarged one, row by row. A request with several images takes "pad" for each of them.
 *
 * @throws {RangeError} If the settings or the image's shape are impossible.
 */
export function preprocessPixels(image: RgbImage, settings: PreprocessSettings): PreprocessedImage {
  const { imageSize, aspectRatio } = settings;
  const { width, height } = image;
  const grid = isAnyres(aspectRatio)
    ? tileGrid([width, height], settings.gridPinpoints, imageSize)
    : undefined;
  const gridWidth = grid?.gridWidth ?? 0;
  const gridHeight = grid?.gridHeight ?? 0;
  const tiles = 1 + gridWidth * gridHeight;
  const tileBytes = imageSize * imageSize * 3;
  const pixels = new Uint8Array(tiles * tileBytes);

  const whole = aspectRatio === "pad" ? padded(image) : image;
  pixels.set(resizeBicubic(whole, imageSize, imageSize).data);
  if (grid !== undefined) {
    const canvas = fitted(image, grid);
    for (let tile = 1; tile < tiles; tile++) {
      cutSquare(pixels.subarray(tile * tileBytes, (tile + 1) * tileBytes), canvas, {
        left: ((tile - 1) % gridWidth) * imageSize,
        top: Math.floor((tile - 1) / gridWidth) * imageSize,
        size: imageSize,
      });
    }
  }
  return {
    pixels,
    tiles,
    imageSize,
    width,
    height,
    gridWidth,
    gridHeight,
    preprocessingVersion: PREPROCESSING_VERSION,
  };
}

function isAnyres(aspectRatio: string): boolean {
  return aspectRatio === "anyres" || /^anyres_max_\d+$/.test(aspectRatio);
}

/** The image in the middle of a grey square as wide as its longer side. */
function padded(image: RgbImage): RgbImage {
  const { width, height } = image;
  if (width === height) return image;
  const side = Math.max(width, height);
  const square = plainImage(side, side, PAD_LEVEL);
  paste(square, image, Math.floor((side - width) / 2), Math.floor((side - height) / 2));
  return square;
}

/** The image as large as the canvas allows, its aspect kept, in the middle of a black canvas. */
function fitted(image: RgbImage, { width, height }: TileGrid): RgbImage {
  const scaleWidth = width / image.width;
  const scaleHeight = height / image.height;
  const narrow = scaleWidth < scaleHeight;
  const newWidth = narrow ? width : Math.min(Math.ceil(image.width * scaleHeight), width);
  const newHeight = narrow ? Math.min(Math.ceil(image.height * scaleWidth), height) : height;
  const canvas = plainImage(width, height, 0);
  paste(
    canvas,
    resizeBicubic(image, newWidth, newHeight),
    Math.floor((width - newWidth) / 2),
    Math.floor((height - newHeight) / 2),
  );
  return canvas;
}
