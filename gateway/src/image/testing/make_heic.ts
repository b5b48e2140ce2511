/**
 * Makes `phone.heic` beside this script with libheif's encoder (Debian: `libheif-examples`): a slope of red and one of green, and
 * an EXIF orientation that HEIC's readers must not follow.
 *
 *     node gateway/src/image/testing/make_heic.ts
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";

const WIDTH = 64;
const HEIGHT = 48;
const source = join(import.meta.dirname, "phone.jpg");
const data = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, at) => {
  const pixel = Math.floor(at / 3);
  return [3 * (pixel % WIDTH), 4 * Math.floor(pixel / WIDTH), 128][at % 3] ?? 0;
});
await sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
  .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
  .withMetadata({ orientation: 6 })
  .toFile(source);
const output = join(import.meta.dirname, "phone.heic");
execFileSync("heif-enc", ["-q", "90", "-p", "chroma=444", source, "-o", output]);
rmSync(source);
