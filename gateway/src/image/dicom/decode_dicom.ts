import { DomainError } from "@medv/proto";
import type { ImageLimits } from "../image_limits.ts";
import { checkPixels } from "../image_limits.ts";
import { type DecodedImage, type ImageChoice, windowField } from "../decoded_image.ts";
import { colourLevels } from "./colour_levels.ts";
import { type DicomFile, parseDicom } from "./data_set.ts";
import { decodeFrame } from "./decode_frame.ts";
import { dicomDescription, dicomSuspicions } from "./description.ts";
import { greyLevels } from "./grey_levels.ts";
import { isColour, readPixelModule } from "./pixel_module.ts";

/** What a deflated file may become, in sizes of the largest file that is taken. */
const MAX_INFLATION = 4;

/**
 * Decodes one frame of a DICOM file as a screen shows it. Nothing else leaves the file but what stands in
 * {@link DecodedImage}.
 *
 * @param choice The middle frame and the first window where it says nothing.
 * @throws {DomainError} `damaged_image`, `unsupported_image`, `image_too_large`; `invalid_request` if there is no such frame
 * or window.
 */
export async function decodeDicom(
  bytes: Uint8Array,
  limits: ImageLimits,
  choice: ImageChoice,
): Promise<DecodedImage> {
  const file = parseDicom(bytes, MAX_INFLATION * limits.maxImageBytes);
  const { dataSet } = file;
  const module = readPixelModule(dataSet);
  const { rows: height, columns: width, frames } = module;
  checkPixels(width, height, limits);
  const number = choice.frame ?? Math.floor((frames + 1) / 2);
  if (number > frames) {
    throw new DomainError(
      "invalid_request",
      `Cannot take frame ${number} as the image must have it: it has ${frames}`,
      { field: "frame" },
    );
  }
  const frame = number - 1;
  const decoded = await decodeFrame(file, module, frame);
  const isGrey = !isColour(module.photometric) && module.photometric !== "PALETTE COLOR";
  if (!isGrey && choice.window !== undefined) {
    throw new DomainError(
      "invalid_request",
      "Cannot take a window as the image must be grey: it has colours",
      { field: windowField(choice) },
    );
  }
  const { valueRange, ...pixels } = isGrey
    ? greyLevels(dataSet, module, decoded, { frame, choice: choice.window })
    : { data: colourLevels(dataSet, module, decoded), valueRange: undefined };
  return {
    ...pixels,
    ...(valueRange !== undefined && { valueRange }),
    width,
    height,
    format: "dicom",
    frame: { number, of: frames },
    ...dicomDescription(dataSet, frame),
    warnings: warnings(file),
  };
}

function warnings({ dataSet }: DicomFile): DecodedImage["warnings"] {
  const { isBurnedIn, isSecondaryCapture } = dicomSuspicions(dataSet);
  return [
    ...(isBurnedIn ? (["burned_in_annotation"] as const) : []),
    ...(isSecondaryCapture ? (["secondary_capture"] as const) : []),
  ];
}
