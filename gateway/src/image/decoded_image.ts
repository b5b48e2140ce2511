import type { DicomDescription } from "./dicom/description.ts";
import type { VoiWindow } from "./dicom/voi_transform.ts";
import type { ImageFormat } from "./image_format.ts";
import type { WarningCode } from "./image_warning.ts";
import type { RgbImage } from "./rgb_image.ts";

/** What a caller wants to see of a file that holds more than one image. */
export type ImageChoice = {
  /** From 1. */
  readonly frame?: number;
  /**
   * Of a grey DICOM file one that it offers, from 1: its windows first, then its lookup tables. Of that or a grey file of 16
   * bits one of the caller's own.
   */
  readonly window?: number | OwnWindow;
};

/** A window that no file offers, in units of the modality, of DICOM's LINEAR shape. */
export type OwnWindow = { readonly center: number; readonly width: number };

/** Between them a window is of use. */
export type ValueRange = readonly [least: number, most: number];

/** What may be known of a file besides its pixels; all of it is made of numbers and closed lists of words. */
export type ImageDescription = DicomDescription & {
  readonly format: ImageFormat;
  /** From 1; there is only one in most files. */
  readonly frame: { readonly number: number; readonly of: number };
  /** Of a grey DICOM file, and of another where the caller gave it. */
  readonly window?: VoiWindow;
  /** Smallest and largest value of a grey file of DICOM or of 16 bits, in units of the modality, padding left out. */
  readonly valueRange?: ValueRange;
  readonly warnings: readonly WarningCode[];
};

/** An image as a person sees it. */
export type DecodedImage = RgbImage & ImageDescription;

/** Name of the field in which a caller gave the window. */
export function windowField({ window }: ImageChoice): "window" | "center" {
  return typeof window === "object" ? "center" : "window";
}
