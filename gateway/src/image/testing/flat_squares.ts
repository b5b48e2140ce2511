import { plainImage, type RgbImage } from "../rgb_image.ts";

/** Side of the blocks in which formats with losses keep one colour as it is. */
const SIDE = 16;

const COLOURS = [
  [
    [200, 40, 40],
    [40, 160, 40],
    [40, 40, 200],
  ],
  [
    [240, 240, 240],
    [128, 128, 128],
    [20, 20, 20],
  ],
] as const;

/** Squares of one colour each, no two alike: every format gives the same pixels, whichever way round it has them. */
export function flatSquares(): RgbImage {
  const image = plainImage(SIDE * COLOURS[0].length, SIDE * COLOURS.length, 0);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      const colour = COLOURS[Math.floor(y / SIDE)]?.[Math.floor(x / SIDE)] ?? [];
      image.data.set(colour, (y * image.width + x) * 3);
    }
  }
  return image;
}
