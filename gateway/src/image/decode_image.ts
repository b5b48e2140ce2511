import { DomainError } from "@medv/proto";
import sharp, { type SharpOptions } from "sharp";
import { rgbOfCmyk } from "./cmyk_pixels.ts";
import { imageFormat } from "./image_format.ts";
import { hasPngEnd } from "./png_end.ts";
import type { RgbImage } from "./rgb_image.ts";

/** What is refused before anything is decoded. */
export type ImageLimits = {
  readonly maxImageBytes: number;
  /** Width times height. */
  readonly maxImagePixels: number;
};

let isRestricted = false;

/**
 * Shuts every loader of libvips but those of JPEG, PNG and WebP, a second wall behind `imageFormat`, and its cache,
 * which would keep pixels.
 *
 * The switches belong to the process, not to the thread, and for a moment no loader is open: call this before any thread
 * decodes. A second call does nothing.
 */
export function restrictDecoders(): void {
  if (isRestricted) return;
  isRestricted = true;
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({
    operation: ["VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp"],
  });
  sharp.cache(false);
}

/**
 * Decodes JPEG, PNG or WebP to 8-bit RGB as a person sees it: EXIF orientation applied, alpha laid on black, 16 bits cut
 * to the upper 8, the first frame of an animation.
 *
 * Colour profiles are ignored, as Pillow's `convert("RGB")` ignores them and the model was trained that way.
 *
 * @throws {DomainError} `unsupported_image`, `image_too_large` or `damaged_image`.
 */
export async function decodeImage(bytes: Uint8Array, limits: ImageLimits): Promise<RgbImage> {
  if (bytes.length > limits.maxImageBytes) {
    throw new DomainError(
      "image_too_large",
      `Cannot read the image as it may have at most ${limits.maxImageBytes} bytes: it has ${bytes.length}`,
      { hint: "Send a smaller or more strongly compressed image" },
    );
  }
  const format = imageFormat(bytes);
  const { width, height, isCmyk } = await readHeader(bytes, format);
  if (width * height > limits.maxImagePixels) {
    throw new DomainError(
      "image_too_large",
      `Cannot read the image as it may have at most ${limits.maxImagePixels} pixels: it is ${width}×${height}`,
      { hint: "Scale the image down" },
    );
  }
  if (format === "png" && !hasPngEnd(bytes)) throw damaged(format, "its end is missing");
  const decoded = await decodePixels(bytes, format, isCmyk);
  if (decoded.data.length !== width * height * 3) {
    throw damaged(format, `it has ${decoded.data.length} bytes of pixels for ${width}×${height}`);
  }
  return decoded;
}

const OPTIONS: SharpOptions = {
  // Implies "truncated": a file that ends early is refused, not filled up with grey.
  failOn: "error",
  // The cap was checked against the header, with a better message.
  limitInputPixels: false,
  ignoreIcc: true,
  // Each row is read once; where orientation needs more, sharp keeps a copy by itself.
  sequentialRead: true,
};

/** What is known before decoding; the size after orientation. */
type Header = { readonly width: number; readonly height: number; readonly isCmyk: boolean };

async function readHeader(bytes: Uint8Array, format: string): Promise<Header> {
  try {
    const { autoOrient, space } = await sharp(bytes, OPTIONS).metadata();
    return { ...autoOrient, isCmyk: space === "cmyk" };
  } catch (error) {
    throw damaged(format, "its header cannot be read", error);
  }
}

async function decodePixels(bytes: Uint8Array, format: string, isCmyk: boolean): Promise<RgbImage> {
  try {
    const image = sharp(bytes, OPTIONS).autoOrient();
    // Ink amounts are converted here, as Pillow does, and not through libvips' own printer profile.
    const converted = isCmyk
      ? image.pipelineColourspace("cmyk").toColourspace("cmyk")
      : image.flatten({ background: "#000000" }).toColourspace("srgb");
    const { data, info } = await converted
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return {
      data: isCmyk ? rgbOfCmyk(data) : data,
      width: info.width,
      height: info.height,
    };
  } catch (error) {
    throw damaged(format, "its pixels cannot be decoded to the end", error);
  }
}

function damaged(format: string, state: string, cause?: unknown): DomainError {
  return new DomainError(
    "damaged_image",
    `Cannot read the image as it must be a whole ${format.toUpperCase()}: ${state}`,
    { cause, hint: "Send the whole file again" },
  );
}
