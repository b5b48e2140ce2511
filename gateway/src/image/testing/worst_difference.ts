import type { RgbImage } from "../rgb_image.ts";

/** The largest difference of a level between two images of the same size, 0 to 255; more where one is cut short. */
export function worstDifference(image: RgbImage, expected: RgbImage): number {
  return image.data.reduce(
    (worst, level, at) => Math.max(worst, Math.abs(level - (expected.data[at] ?? Infinity))),
    0,
  );
}
