/**
 * Makes the HEIC files and the AVIF beside this script with libheif's encoder (Debian: `libheif-examples`): `phone.heic`, a slope of red and one of
 * green with an EXIF orientation that HEIC's readers must not follow; `sticker.heic`, the same with its right half transparent;
 * `squares_1.heic` to `squares_8.heic`, flat squares as cameras that are held each way store them, without word of it; and
 * `two.heic` and `two.avif`, a dark image and a light one in one file.
 *
 *     node gateway/src/image/testing/make_heic.ts
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { flatSquares } from "./flat_squares.ts";
import { ORIENTATIONS, storedTurned } from "./stored_turned.ts";

const WIDTH = 64;
const HEIGHT = 48;
const data = Uint8Array.from({ length: WIDTH * HEIGHT * 4 }, (_, at) => {
  const pixel = Math.floor(at / 4);
  const [x, y] = [pixel % WIDTH, Math.floor(pixel / WIDTH)];
  return [3 * x, 4 * y, 128, x < WIDTH / 2 ? 255 : 0][at % 4] ?? 0;
});
const slopes = sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 4 } });
const phone = slopes.clone().removeAlpha().withMetadata({ orientation: 6 });
await make("phone", "jpg", phone.jpeg({ quality: 100, chromaSubsampling: "4:4:4" }));
await make("sticker", "png", slopes.png());
for (const orientation of ORIENTATIONS) {
  const { width, height, data: stored } = storedTurned(flatSquares(), orientation);
  const squares = sharp(stored, { raw: { width, height, channels: 3 } });
  await make(`squares_${orientation}`, "png", squares.png());
}
const shades = [8, 200].map((red) => ({ r: red, g: 0, b: 0 }));
const sources = await Promise.all(
  shades.map(async (background) => {
    const path = join(import.meta.dirname, `shade_${background.r}.png`);
    await sharp({ create: { width: 32, height: 32, channels: 3, background } }).toFile(path);
    return path;
  }),
);
for (const ending of ["heic", "avif"]) {
  const output = join(import.meta.dirname, `two.${ending}`);
  execFileSync("heif-enc", [...(ending === "avif" ? ["-A"] : []), ...sources, "-o", output]);
}
for (const source of sources) rmSync(source);

async function make(name: string, ending: "jpg" | "png", picture: Sharp): Promise<void> {
  const source = join(import.meta.dirname, `${name}.${ending}`);
  await picture.toFile(source);
  const output = join(import.meta.dirname, `${name}.heic`);
  execFileSync("heif-enc", ["-q", "90", "-p", "chroma=444", source, "-o", output]);
  rmSync(source);
}
