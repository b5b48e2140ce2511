import { describe, expect, test } from "vitest";
import { crc32 } from "node:zlib";
import { resizeBicubic } from "./resize_bicubic.ts";
import type { RgbImage } from "./rgb_image.ts";

// Every expected value is from Pillow 9.4.0: `crc32(draw(w, h).resize((W, H), Image.BICUBIC).tobytes())`, where `draw`
// is the function below. (Pillow 13 differs where one side grows and the other shrinks: the reference is 9.4.)
describe("resizeBicubic()", () => {
  test.each([
    {
      from: [5, 4],
      to: [3, 2],
      pixels: [9, 18, 26, 40, 53, 70, 107, 131, 136, 35, 71, 110, 75, 135, 166, 151, 158, 113],
    },
    {
      from: [7, 3],
      to: [7, 1],
      pixels: [
        13, 26, 39, 23, 41, 59, 47, 70, 93, 85, 113, 141, 137, 170, 125, 203, 163, 101, 105, 148,
        191,
      ],
    },
    { from: [4, 4], to: [1, 1], pixels: [50, 81, 100] },
  ])("gives Pillow's pixels from $from to $to", ({ from, to, pixels }) => {
    expect([...resize(from, to).data]).toEqual(pixels);
  });

  test.each([
    { from: [131, 77], to: [20, 20], checksum: 3456874089 },
    { from: [37, 90], to: [48, 48], checksum: 2822535902 },
    { from: [64, 50], to: [384, 300], checksum: 1730118237 },
    { from: [500, 333], to: [384, 384], checksum: 3199840266 },
    { from: [401, 7], to: [3, 91], checksum: 1066743753 },
    { from: [1200, 900], to: [384, 384], checksum: 2738895057 },
    { from: [2, 2], to: [384, 384], checksum: 3494578708 },
  ])("gives Pillow's checksum from $from to $to", ({ from, to, checksum }) => {
    expect(crc32(resize(from, to).data)).toBe(checksum);
  });

  test("clamps what the kernel's negative lobes overshoot", () => {
    const edge = { data: new Uint8Array(18).fill(255, 9), width: 6, height: 1 };
    expect(red(resizeBicubic(edge, 4, 1))).toEqual([0, 12, 243, 255]);
    expect(red(resizeBicubic(edge, 9, 1))).toEqual([0, 0, 0, 0, 128, 255, 255, 255, 255]);
  });

  test("returns an image that has the size already as it is", () => {
    const image = draw(5, 4);
    expect(resizeBicubic(image, 5, 4)).toBe(image);
  });

  test.each([0, -1, 1.5, Number.NaN])("refuses the width %d", (width) => {
    expect(() => resizeBicubic(draw(5, 4), width, 4)).toThrow(RangeError);
  });

  test("refuses data that are not as long as their size says", () => {
    expect(() => resizeBicubic({ ...draw(5, 4), width: 6 }, 3, 3)).toThrow(
      "Cannot resize as 6×4 RGB takes 72 bytes: there are 60",
    );
  });
});

function resize(from: number[], to: number[]): RgbImage {
  const [width = 0, height = 0] = from;
  const [newWidth = 0, newHeight = 0] = to;
  return resizeBicubic(draw(width, height), newWidth, newHeight);
}

function draw(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < data.length; at++) {
    const channel = at % 3;
    const x = Math.floor(at / 3) % width;
    const y = Math.floor(at / 3 / width);
    data[at] = x * x * 7 + y * 13 * (channel + 1) + x * y * (channel * 5 + 3);
  }
  return { data, width, height };
}

function red(image: RgbImage): number[] {
  return [...image.data].filter((_, at) => at % 3 === 0);
}
