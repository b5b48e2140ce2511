import { DomainError } from "@medv/proto";
import { decodeHeic } from "./decode_heic.ts";
import { decodePicture } from "./decode_picture.ts";
import { type DecodedImage, type ImageChoice, windowField } from "./decoded_image.ts";
import { decodeDicom } from "./dicom/decode_dicom.ts";
import { imageFormat } from "./image_format.ts";
import { type ImageLimits, checkBytes } from "./image_limits.ts";

/**
 * Decodes an image to 8-bit RGB as a person sees it: orientation and values of interest applied, alpha laid on black, 16 bits
 * cut to the upper 8 where no window is chosen. Of several frames, DICOM's middle one and the first of any other format.
 *
 * @param choice Of frame and window.
 * @throws {DomainError} `unsupported_image`, `image_too_large` or `damaged_image`; `invalid_request` where the image does not
 * have what is chosen.
 */
export async function decodeImage(
  bytes: Uint8Array,
  limits: ImageLimits,
  choice: ImageChoice = {},
): Promise<DecodedImage> {
  checkBytes(bytes, limits);
  const format = imageFormat(bytes);
  if (format === "dicom") return await decodeDicom(bytes, limits, choice);
  const { frame = 1, window } = choice;
  if (typeof window === "number" || frame !== 1) {
    throw new DomainError(
      "invalid_request",
      `Cannot choose as only DICOM has frames and windows to choose from: the image is ${format.toUpperCase()}`,
      { field: frame === 1 ? "window" : "frame" },
    );
  }
  const decoded =
    format === "heic"
      ? await decodeHeic(bytes, limits)
      : await decodePicture(bytes, format, limits, window);
  if (window === undefined || decoded.window !== undefined) return decoded;
  throw new DomainError(
    "invalid_request",
    "Cannot take a window as the image must be grey, and DICOM or of 16 bits",
    { field: windowField(choice) },
  );
}
