import { describe, expect, test } from "vitest";
import { type Resolution, tileGrid } from "./tile_grid.ts";

const SIX_BY_SIX = [1, 2, 3, 4, 5, 6].flatMap((x) =>
  [1, 2, 3, 4, 5, 6].map((y): Resolution => [x * 384, y * 384]),
);

describe("tileGrid()", () => {
  // From LLaVA-NeXT's select_best_resolution with "(1x1),...,(6x6)" at 384 pixels.
  test.each<{ size: Resolution; grid: Resolution }>([
    { size: [384, 384], grid: [1, 1] },
    { size: [512, 512], grid: [2, 2] },
    { size: [1024, 1024], grid: [3, 3] },
    { size: [640, 480], grid: [2, 2] },
    { size: [480, 640], grid: [2, 2] },
    { size: [1024, 512], grid: [3, 2] },
    { size: [2000, 500], grid: [6, 2] },
    { size: [300, 200], grid: [1, 1] },
    { size: [3000, 2500], grid: [6, 5] },
    { size: [768, 1024], grid: [2, 3] },
    { size: [100, 1000], grid: [1, 3] },
    { size: [2304, 2304], grid: [6, 6] },
  ])("gives an image of $size pixels a grid of $grid tiles", ({ size, grid: [x, y] }) => {
    expect(tileGrid(size, SIX_BY_SIX, 384)).toEqual({
      width: x * 384,
      height: y * 384,
      gridWidth: x,
      gridHeight: y,
    });
  });

  test("takes the first of two canvases that are equally good", () => {
    expect(
      tileGrid(
        [10, 10],
        [
          [40, 20],
          [20, 40],
        ],
        20,
      ),
    ).toMatchObject({ gridWidth: 2 });
    expect(
      tileGrid(
        [10, 10],
        [
          [20, 40],
          [40, 20],
        ],
        20,
      ),
    ).toMatchObject({ gridWidth: 1 });
  });

  test("refuses a canvas that is not made of whole tiles", () => {
    expect(() => tileGrid([10, 10], [[30, 20]], 20)).toThrow(
      "Cannot choose a tile grid as canvas sides must be positive multiples of 20: one is 30×20",
    );
  });

  test("refuses an empty list of canvases", () => {
    expect(() => tileGrid([10, 10], [], 20)).toThrow(RangeError);
  });
});
