import { DomainError } from "@medv/proto";
import sharp, { type SharpOptions } from "sharp";
import { imageFormat } from "./image_format.ts";
import { hasPngEnd } from "./png_end.ts";
import type { RgbImage } from "./rgb_image.ts";

/** What is refused before anything is decoded. */
export type ImageLimits = {
  readonly maxBytes: number;
  /** Width times height. */
  readonly maxPixels: number;
};

// A second wall behind `imageFormat`: libvips itself is not to open SVG, TIFF, GIF, AVIF and what may come.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({
  operation: ["VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp"],
});
// No image is asked for twice, so libvips need not remember its operations.
sharp.cache(false);

/**
 * Decodes JPEG, PNG or WebP to 8-bit RGB as a person sees it: EXIF orientation applied, alpha laid on black, 16 bits cut
 * to the upper 8, the first frame of an animation.
 *
 * Colour profiles are ignored, as Pillow's `convert("RGB")` ignores them and the model was trained that way.
 *
 * @throws {DomainError} `unsupported_image`, `image_too_large` or `damaged_image`.
 */
export async function decodeImage(bytes: Uint8Array, limits: ImageLimits): Promise<RgbImage> {
  if (bytes.length > limits.maxBytes) {
    throw new DomainError(
      "image_too_large",
      `Cannot read the image as it may have at most ${limits.maxBytes} bytes: it has ${bytes.length}`,
      { hint: "Send a smaller or more strongly compressed image" },
    );
  }
  const format = imageFormat(bytes);
  const { width, height } = await orientedSize(bytes, format);
  if (width * height > limits.maxPixels) {
    throw new DomainError(
      "image_too_large",
      `Cannot read the image as it may have at most ${limits.maxPixels} pixels: it is ${width}×${height}`,
      { hint: "Scale the image down" },
    );
  }
  if (format === "png" && !hasPngEnd(bytes)) throw damaged(format, "its end is missing");
  const decoded = await decodePixels(bytes, format);
  if (decoded.width !== width || decoded.height !== height) {
    throw damaged(
      format,
      `its header says ${width}×${height}, its pixels are ${decoded.width}×${decoded.height}`,
    );
  }
  return decoded;
}

const OPTIONS: SharpOptions = {
  // Implies "truncated": a file that ends early is refused, not filled up with grey.
  failOn: "error",
  // The cap was checked against the header, with a better message.
  limitInputPixels: false,
  ignoreIcc: true,
};

/** Reads only the header. */
async function orientedSize(
  bytes: Uint8Array,
  format: string,
): Promise<{ readonly width: number; readonly height: number }> {
  try {
    const { autoOrient } = await sharp(bytes, OPTIONS).metadata();
    return autoOrient;
  } catch (error) {
    throw damaged(format, "its header cannot be read", error);
  }
}

async function decodePixels(bytes: Uint8Array, format: string): Promise<RgbImage> {
  try {
    const { data, info } = await sharp(bytes, OPTIONS)
      .autoOrient()
      .flatten({ background: "#000000" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return {
      data: info.channels === 1 ? greyToRgb(data) : data,
      width: info.width,
      height: info.height,
    };
  } catch (error) {
    throw damaged(format, "its pixels cannot be decoded to the end", error);
  }
}

/** @returns `[pixels, 3]` of `[pixels]` */
function greyToRgb(grey: Uint8Array): Uint8Array {
  const data = new Uint8Array(grey.length * 3);
  for (const [pixel, level] of grey.entries()) data.fill(level, pixel * 3, pixel * 3 + 3);
  return data;
}

function damaged(format: string, state: string, cause?: unknown): DomainError {
  return new DomainError(
    "damaged_image",
    `Cannot read the image as it must be a whole ${format.toUpperCase()}: ${state}`,
    { cause, hint: "Send the whole file again" },
  );
}
