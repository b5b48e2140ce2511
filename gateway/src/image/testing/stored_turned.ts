import { plainImage, type RgbImage } from "../rgb_image.ts";

/** What EXIF may say of how an image is stored. */
export const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8] as const;

/** An upright image as a camera that tags `orientation` stores it. */
export function storedTurned(upright: RgbImage, orientation: number): RgbImage {
  const { width, height } = upright;
  const isTurned = orientation >= 5;
  const image = plainImage(isTurned ? height : width, isTurned ? width : height, 0);
  const right = width - 1;
  const bottom = height - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // Where the stored pixel of (x, y) lies, by the EXIF standard's table of orientations.
      const places = [
        [x, y],
        [right - x, y],
        [right - x, bottom - y],
        [x, bottom - y],
        [y, x],
        [y, right - x],
        [bottom - y, right - x],
        [bottom - y, x],
      ];
      const [column = 0, row = 0] = places[orientation - 1] ?? [];
      const from = (y * width + x) * 3;
      image.data.set(upright.data.subarray(from, from + 3), (row * image.width + column) * 3);
    }
  }
  return image;
}
