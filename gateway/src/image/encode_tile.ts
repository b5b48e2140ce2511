import { DomainError } from "@medv/proto";
import sharp from "sharp";
import type { PreprocessedImage } from "./preprocess_pixels.ts";

/**
 * One tile as a PNG: what the vision tower is shown, before normalisation.
 *
 * @param tile From 0.
 * @throws {DomainError} `not_found` if the image has no such tile.
 */
export async function encodeTile(
  { pixels, tiles, imageSize }: PreprocessedImage,
  tile: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (tile >= tiles) {
    throw new DomainError(
      "not_found",
      `Cannot find the tile as the image has ${tiles}, from 0: asked for ${tile}`,
    );
  }
  const length = imageSize * imageSize * 3;
  const raw = { width: imageSize, height: imageSize, channels: 3 } as const;
  const png = await sharp(pixels.subarray(tile * length, (tile + 1) * length), { raw })
    .png()
    .toBuffer();
  return new Uint8Array(png);
}
