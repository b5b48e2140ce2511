import { createHash } from "node:crypto";
import type { ImageChoice } from "./image/decoded_image.ts";
import { PREPROCESSING_VERSION, type PreprocessSettings } from "./image/preprocess_pixels.ts";

/** Everything that an image's pixels depend on, and whose they are. */
export type ImageKeyParts = {
  readonly tenantScope: string;
  /** SHA-256 of the bytes as sent. */
  readonly digest: string;
  readonly choice: ImageChoice;
  readonly settings: PreprocessSettings;
};

/** The key of an image in caches; it tells nothing of the image. */
export function imageKey({ tenantScope, digest, choice, settings }: ImageKeyParts): string {
  const { aspectRatio, imageSize, gridPinpoints } = settings;
  const { frame = 0, window = 0 } = choice;
  const shown = typeof window === "object" ? [window.center, window.width] : window;
  const parts = [
    ...[PREPROCESSING_VERSION, tenantScope, digest, frame, shown],
    ...[aspectRatio, imageSize, gridPinpoints],
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}
