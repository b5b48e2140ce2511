import sharp from "sharp";
import { type Shape16, tiff16 } from "./tiff16.ts";

/** A file of grey or colour of 16 bits. */
export async function encode16(
  levels: Uint16Array,
  format: "png" | "tiff",
  shape: Shape16,
): Promise<Uint8Array> {
  if (format === "tiff") return tiff16(levels, shape);
  return await sharp(levels, { raw: shape })
    .toColourspace(shape.channels === 1 ? "grey16" : "rgb16")
    .png()
    .toBuffer();
}
