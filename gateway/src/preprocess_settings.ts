import { DomainError } from "@medv/proto";
import type { DescribeModelResponse } from "@medv/proto/diffusion";
import type { PreprocessSettings } from "./image/preprocess_pixels.ts";

/**
 * How the served model wants its images.
 *
 * @throws {DomainError} `internal` if the service does not say.
 */
export function preprocessSettings({ preprocessing }: DescribeModelResponse): PreprocessSettings {
  if (preprocessing === undefined) {
    throw new DomainError("internal", "Cannot preprocess as the model's description lacks how");
  }
  const { imageSize, aspectRatio, gridPinpoints } = preprocessing;
  return {
    imageSize,
    aspectRatio,
    gridPinpoints: gridPinpoints.map(({ width, height }) => [width, height] as const),
  };
}
