import { DomainError } from "@medv/proto";
import { damagedImage } from "./damaged_image.ts";
import type { DecodedImage } from "./decoded_image.ts";
import { type ImageLimits, checkPixels } from "./image_limits.ts";
import { onBlack } from "./on_black.ts";

/**
 * Decodes the main image of a HEIC or HEIF file. Its own turns and mirrors are applied; an EXIF orientation beside them is not,
 * as the standard has it.
 *
 * @throws {DomainError} `unsupported_image` where the optional package `libheif-js` is not installed; `image_too_large` or
 * `damaged_image`.
 * @see ISO/IEC 23008-12 6.5.10 (irot), 6.5.12 (imir), A.2.1 (EXIF)
 */
export async function decodeHeic(bytes: Uint8Array, limits: ImageLimits): Promise<DecodedImage> {
  const { HeifDecoder } = await loadLibheif();
  const images = new HeifDecoder().decode(bytes);
  try {
    const image = images.find((each) => each.is_primary()) ?? images[0];
    if (image === undefined) throw damagedImage("heic", "its header cannot be read");
    const [width, height] = [image.get_width(), image.get_height()];
    if (width === 0 || height === 0) throw damagedImage("heic", `its size is ${width}×${height}`);
    checkPixels(width, height, limits);
    const canvas = { data: new Uint8ClampedArray(width * height * 4), width, height };
    const shown = await new Promise((resolve) => image.display(canvas, resolve));
    if (shown === null) throw damagedImage("heic", "its pixels cannot be decoded to the end");
    const { data, isTransparent } = onBlack(canvas.data);
    return {
      data,
      width,
      height,
      format: "heic",
      frame: { number: 1, of: images.length },
      warnings: [
        ...(images.length > 1 ? (["first_frame_only"] as const) : []),
        ...(isTransparent ? (["alpha_on_black"] as const) : []),
      ],
    };
  } finally {
    for (const image of images) image.free();
  }
}

async function loadLibheif() {
  try {
    return (await import("libheif-js/wasm-bundle.js")).default;
  } catch (cause) {
    throw new DomainError(
      "unsupported_image",
      "Cannot read the HEIC image as its decoder must be installed: the package libheif-js is not",
      { cause, hint: "Send the image as JPEG" },
    );
  }
}
