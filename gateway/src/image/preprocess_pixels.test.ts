import { describe, expect, test } from "vitest";
import { PREPROCESSING_VERSION, preprocessPixels } from "./preprocess_pixels.ts";
import { resizeBicubic } from "./resize_bicubic.ts";
import { type RgbImage, plainImage } from "./rgb_image.ts";

const GRID_PINPOINTS = [
  [4, 4],
  [8, 4],
  [4, 8],
  [8, 8],
] as const;

describe("preprocessPixels()", () => {
  test.each(["square", "", "crop", "anyres_max_", "anyres_max_9x"])(
    'stretches the image to one tile for "%s"',
    (aspectRatio) => {
      const image = ramp(8, 6);
      expect(preprocessPixels(image, settings(aspectRatio))).toEqual({
        pixels: resizeBicubic(image, 4, 4).data,
        tiles: 1,
        imageSize: 4,
        width: 8,
        height: 6,
        gridWidth: 0,
        gridHeight: 0,
        preprocessingVersion: PREPROCESSING_VERSION,
      });
    },
  );

  test.each([
    { width: 4, height: 1, levels: rows(127, 9, 127, 127) },
    { width: 4, height: 2, levels: rows(127, 9, 9, 127) },
    { width: 1, height: 4, levels: columns(127, 9, 127, 127) },
    { width: 4, height: 4, levels: rows(9, 9, 9, 9) },
  ])(
    'puts $width×$height on a grey square for "pad", the smaller bar first',
    ({ width, height, levels }) => {
      const { pixels, tiles } = preprocessPixels(plainImage(width, height, 9), settings("pad"));
      expect(tiles).toBe(1);
      expect(red(pixels)).toEqual(levels);
    },
  );

  test.each(["anyres", "anyres_max_9"])(
    'gives the whole image and then its tiles, row by row, for "%s"',
    (aspectRatio) => {
      const image = ramp(8, 8);
      const { pixels, tiles, gridWidth, gridHeight } = preprocessPixels(
        image,
        settings(aspectRatio),
      );
      expect({ tiles, gridWidth, gridHeight }).toEqual({ tiles: 5, gridWidth: 2, gridHeight: 2 });
      expect(pixels.slice(0, 48)).toEqual(resizeBicubic(image, 4, 4).data);
      // The canvas has the image's size, so that each tile begins with a pixel of the image.
      const firstReds = [1, 2, 3, 4].map((tile) => pixels[tile * 48]);
      expect(firstReds).toEqual([image.data[0], image.data[12], image.data[96], image.data[108]]);
    },
  );

  test("centres an image that does not fill its canvas on black", () => {
    const { pixels, gridWidth, gridHeight } = preprocessPixels(
      plainImage(8, 2, 200),
      settings("anyres"),
    );
    expect({ gridWidth, gridHeight }).toEqual({ gridWidth: 2, gridHeight: 1 });
    expect(red(pixels.subarray(48, 96))).toEqual(rows(0, 200, 200, 0));
  });

  test("refuses anyres without canvases", () => {
    expect(() =>
      preprocessPixels(ramp(8, 8), { ...settings("anyres"), gridPinpoints: [] }),
    ).toThrow(RangeError);
  });
});

function settings(aspectRatio: string) {
  return { imageSize: 4, aspectRatio, gridPinpoints: GRID_PINPOINTS };
}

function ramp(width: number, height: number): RgbImage {
  return {
    ...plainImage(width, height, 0),
    data: Uint8Array.from({ length: width * height * 3 }, (_, at) => at),
  };
}

function red(pixels: Uint8Array): number[] {
  return [...pixels].filter((_, at) => at % 3 === 0);
}

function rows(...levels: number[]): number[] {
  return levels.flatMap((level) => [level, level, level, level]);
}

function columns(...levels: number[]): number[] {
  return [levels, levels, levels, levels].flat();
}
