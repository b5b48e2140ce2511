import sharp from "sharp";
import type { PhantomImage } from "./phantom.ts";

/** A PNG of the image's own depth, grey or colour. */
export async function encodePng({ width, height, channels, data }: PhantomImage): Promise<Buffer> {
  const image = sharp(data, { raw: { width, height, channels } });
  const space =
    data instanceof Uint16Array
      ? channels === 1
        ? "grey16"
        : "rgb16"
      : channels === 1
        ? "b-w"
        : "srgb";
  return image.toColourspace(space).png().toBuffer();
}
