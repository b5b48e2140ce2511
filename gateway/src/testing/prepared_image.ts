import type { PreparedImage } from "../image/image_preprocessor.ts";

/** An image whose pixels do not matter, of 100 bytes. */
export const PREPARED_IMAGE: PreparedImage = {
  pixels: new Uint8Array(100),
  tiles: 1,
  imageSize: 1,
  width: 1,
  height: 1,
  gridWidth: 0,
  gridHeight: 0,
  preprocessingVersion: "1",
  description: { format: "png", frame: { number: 1, of: 1 }, warnings: [] },
};
