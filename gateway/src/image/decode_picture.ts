import sharp, { type Sharp, type SharpOptions } from "sharp";
import { rgbOfCmyk } from "./cmyk_pixels.ts";
import { damagedImage } from "./damaged_image.ts";
import type { DecodedImage, OwnWindow } from "./decoded_image.ts";
import { levelsOfGrey16 } from "./grey16_pixels.ts";
import type { ImageFormat } from "./image_format.ts";
import { type ImageLimits, checkPixels } from "./image_limits.ts";
import { onBlack } from "./on_black.ts";
import { leanPng } from "./png_chunks.ts";
import type { RgbImage } from "./rgb_image.ts";
import { firstWebpFrame } from "./webp_frames.ts";

let isRestricted = false;

/**
 * Shuts every loader of libvips but those of the formats that are taken, a second wall behind `imageFormat`, and its cache,
 * which would keep pixels. A second call does nothing.
 */
export function restrictDecoders(): void {
  if (isRestricted) return;
  isRestricted = true;
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({
    operation: ["Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif"].map(
      (loader) => `VipsForeignLoad${loader}`,
    ),
  });
  sharp.cache(false);
}

/**
 * Decodes what libvips reads: JPEG, PNG, WebP, GIF, TIFF and AVIF, the first frame or page of several.
 *
 * Colour profiles are ignored, as Pillow's `convert("RGB")` ignores them and the model was trained that way.
 *
 * @param window Of the caller's own; left aside where the image is not grey of 16 bits.
 * @throws {DomainError} `image_too_large` or `damaged_image`.
 */
export async function decodePicture(
  bytes: Uint8Array,
  format: Exclude<ImageFormat, "dicom" | "heic">,
  limits: ImageLimits,
  window: OwnWindow | undefined,
): Promise<DecodedImage> {
  const lean = leanFile(bytes, format);
  const header = await readHeader(lean.bytes, format);
  const { width, height } = header;
  const frames = lean.frames ?? header.frames;
  checkPixels(width, height, limits);
  const { image, isTransparent, ...grey } = await decodePixels(lean.bytes, format, {
    ...header,
    window,
  });
  if (image.data.length !== width * height * 3) {
    throw damagedImage(
      format,
      `it has ${image.data.length} bytes of pixels for ${width}×${height}`,
    );
  }
  return {
    ...image,
    ...grey,
    format,
    frame: { number: 1, of: frames },
    warnings: [
      ...(frames > 1 ? (["first_frame_only"] as const) : []),
      ...(isTransparent ? (["alpha_on_black"] as const) : []),
    ],
  };
}

/** The file without what would cost time for nothing; the number of its frames where that had to be counted. */
function leanFile(
  bytes: Uint8Array,
  format: string,
): { readonly bytes: Uint8Array; readonly frames?: number } {
  if (format === "webp") return firstWebpFrame(bytes);
  if (format !== "png") return { bytes };
  const lean = leanPng(bytes);
  if (lean === undefined) throw damagedImage(format, "its end is missing");
  return { bytes: lean };
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
type Header = {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly isCmyk: boolean;
  readonly isGrey16: boolean;
  readonly hasAlpha: boolean;
};

async function readHeader(bytes: Uint8Array, format: string): Promise<Header> {
  try {
    const { autoOrient, space, depth, pages, hasAlpha } = await sharp(bytes, OPTIONS).metadata();
    const isGrey16 = space === "grey16" && depth === "ushort" && !hasAlpha;
    return { ...autoOrient, frames: pages ?? 1, isCmyk: space === "cmyk", isGrey16, hasAlpha };
  } catch (error) {
    throw damagedImage(format, "its header cannot be read", error);
  }
}

/** Decoded pixels, and of grey of 16 bits how they are shown. */
type Pixels = {
  readonly image: RgbImage;
  readonly isTransparent: boolean;
} & Pick<DecodedImage, "window" | "valueRange">;

async function decodePixels(
  bytes: Uint8Array,
  format: string,
  { isCmyk, isGrey16, hasAlpha, window }: Header & { readonly window: OwnWindow | undefined },
): Promise<Pixels> {
  try {
    const picture = sharp(bytes, OPTIONS).autoOrient();
    if (isGrey16) return await decodeGrey16(picture, window);
    // Ink amounts are converted here, as Pillow does, and not through libvips' own printer profile; what else a TIFF may have
    // beside them is left aside.
    const converted = isCmyk
      ? picture.removeAlpha().pipelineColourspace("cmyk").toColourspace("cmyk")
      : picture.toColourspace("srgb");
    const { data, info } = await converted
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    if (isCmyk) return { image: { data: rgbOfCmyk(data), width, height }, isTransparent: false };
    if (!hasAlpha) return { image: { data, width, height }, isTransparent: false };
    const { isTransparent, ...laid } = onBlack(data);
    return { image: { ...laid, width, height }, isTransparent };
  } catch (error) {
    throw damagedImage(format, "its pixels cannot be decoded to the end", error);
  }
}

async function decodeGrey16(picture: Sharp, window: OwnWindow | undefined): Promise<Pixels> {
  const { data: bytes, info } = await picture
    .pipelineColourspace("grey16")
    .toColourspace("grey16")
    .raw({ depth: "ushort" })
    .toBuffer({ resolveWithObject: true });
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const { data, ...grey } = levelsOfGrey16(words, window);
  const { width, height } = info;
  return { image: { data, width, height }, ...grey, isTransparent: false };
}
