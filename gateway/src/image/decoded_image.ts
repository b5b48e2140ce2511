import type { DicomDescription } from "./dicom/description.ts";
import type { VoiWindow } from "./dicom/voi_transform.ts";
import type { ImageFormat } from "./image_format.ts";
import type { WarningCode } from "./image_warning.ts";
import type { RgbImage } from "./rgb_image.ts";

/** What a caller wants to see of a file that holds more than one image. */
export type ImageChoice = {
  /** From 1. */
  readonly frame?: number;
  /** Of a grey DICOM file, from 1: its windows first, then its lookup tables. */
  readonly window?: number;
};

/** What may be known of a file besides its pixels; all of it is made of numbers and closed lists of words. */
export type ImageDescription = DicomDescription & {
  readonly format: ImageFormat;
  /** From 1; there is only one in most files. */
  readonly frame: { readonly number: number; readonly of: number };
  /** Of a grey DICOM file. */
  readonly window?: VoiWindow;
  readonly warnings: readonly WarningCode[];
};

/** An image as a person sees it. */
export type DecodedImage = RgbImage & ImageDescription;
