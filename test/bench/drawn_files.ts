import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeDicom } from "@medv/gateway/image/dicom/testing/write_dicom";
import sharp, { type Sharp } from "sharp";

const WIDTH = 4032;
const HEIGHT = 3024;

/** A photo of 12 megapixels, of waves and grain, so that no format finds it easy. */
export function drawPhoto(): Sharp {
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  let noise = 1;
  for (let at = 0; at < data.length; at++) {
    noise = (Math.imul(noise, 1664525) + 1013904223) | 0;
    const x = Math.floor(at / 3) % WIDTH;
    data[at] = 128 + 90 * Math.sin(x / 97 + at / 9e6 + (at % 3)) + (noise >>> 28);
  }
  return sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
}

/**
 * 512×512 of 16 bits with a window, as a CT has.
 *
 * @param seed Another one, another image.
 */
export function drawCt(seed = 0): Uint8Array {
  const values = Uint16Array.from({ length: 512 * 512 }, (_, at) => ((at + seed) * 7919) % 3000);
  return writeDicom([
    ["00080060", "CS", "CT"],
    ["00280002", "US", 1],
    ["00280004", "CS", "MONOCHROME2"],
    ["00280010", "US", 512],
    ["00280011", "US", 512],
    ["00280100", "US", 16],
    ["00281050", "DS", "40"],
    ["00281051", "DS", "400"],
    ["00281052", "DS", "-1024"],
    ["00281053", "DS", "1"],
    ["7fe00010", "OW", new Uint8Array(values.buffer)],
  ]);
}

/** A JPEG as HEIC, where libheif's encoder is installed (Debian: `libheif-examples`). */
export function heicOf(jpeg: Uint8Array): Uint8Array | undefined {
  if (spawnSync("heif-enc", ["--version"]).error !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "heic-"));
  const [source, output] = [join(folder, "photo.jpg"), join(folder, "photo.heic")];
  writeFileSync(source, jpeg);
  execFileSync("heif-enc", ["-q", "60", source, "-o", output], { stdio: "ignore" });
  const bytes = readFileSync(output);
  rmSync(folder, { recursive: true });
  return bytes;
}
