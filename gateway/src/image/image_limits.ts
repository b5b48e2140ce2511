import { DomainError } from "@medv/proto";

/** What is refused before anything is decoded. */
export type ImageLimits = {
  readonly maxImageBytes: number;
  /** Width times height. */
  readonly maxImagePixels: number;
};

/** @throws {DomainError} `image_too_large`. */
export function checkBytes(bytes: Uint8Array, { maxImageBytes }: ImageLimits): void {
  if (bytes.length <= maxImageBytes) return;
  throw new DomainError(
    "image_too_large",
    `Cannot read the image as it may have at most ${maxImageBytes} bytes: it has ${bytes.length}`,
    { hint: "Send a smaller or more strongly compressed image" },
  );
}

/** @throws {DomainError} `image_too_large`. */
export function checkPixels(width: number, height: number, { maxImagePixels }: ImageLimits): void {
  if (width * height <= maxImagePixels) return;
  throw new DomainError(
    "image_too_large",
    `Cannot read the image as it may have at most ${maxImagePixels} pixels: it is ${width}×${height}`,
    { hint: "Scale the image down" },
  );
}
