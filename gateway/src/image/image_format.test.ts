import { describe, expect, test } from "vitest";
import { DomainError } from "@medv/proto";
import { imageFormat } from "./image_format.ts";

describe("imageFormat()", () => {
  test.each([
    { format: "jpeg", start: "\xff\xd8\xff\xe0\0\x10JFIF" },
    { format: "png", start: "\x89PNG\r\n\x1a\n\0\0\0\rIHDR" },
    { format: "webp", start: "RIFF\x10\0\0\0WEBPVP8L" },
    { format: "gif", start: "GIF87a" },
    { format: "gif", start: "GIF89a" },
    { format: "tiff", start: "II*\0\x08\0\0\0" },
    { format: "tiff", start: "MM\0*\0\0\0\x08" },
    { format: "heic", start: "\0\0\0\x18ftypheic" },
    { format: "heic", start: "\0\0\0\x18ftypmif1\0\0\0\0mif1heic" },
    { format: "avif", start: "\0\0\0\x18ftypavif" },
    { format: "avif", start: "\0\0\0\x1cftypmif1\0\0\0\0mif1miafavif" },
    { format: "dicom", start: `${"\0".repeat(128)}DICM` },
    { format: "dicom", start: `II*\0${"\0".repeat(124)}DICM` },
  ])("knows $format by its first bytes", ({ format, start }) => {
    expect(imageFormat(Buffer.from(start, "latin1"))).toBe(format);
  });

  test.each([
    { found: "PDF", start: "%PDF-1.7" },
    { found: "an AVIF sequence", start: "\0\0\0\x2cftypavis" },
    { found: "MP4 or QuickTime video", start: "\0\0\0\x18ftypisom" },
    { found: "MP4 or QuickTime video", start: "\0\0\0\x14ftypmif1\0\0\0\0mif1" },
    { found: "of no known format", start: "GIF90a\x01" },
    { found: "BMP", start: "BM\x36\0\0\0" },
    { found: "JPEG 2000", start: "\0\0\0\x0cjP  \r\n" },
    { found: "JPEG XL", start: "\xff\x0a\0\0" },
    { found: "NIfTI", start: `${"\0".repeat(344)}n+1\0` },
    { found: "gzip", start: "\x1f\x8b\x08\0" },
    { found: "ZIP", start: "PK\x03\x04" },
    { found: "SVG", start: '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>' },
    { found: "HTML", start: "<!DOCTYPE html><html></html>" },
    { found: "text", start: "not an image\n" },
    { found: "empty", start: "" },
    { found: "of no known format", start: "\x01\x02\x03\x04" },
    { found: "of no known format", start: "RIFF\x10\0\0\0AVI \0\0\0\0" },
  ])("refuses bytes that are $found and says so", ({ found, start }) => {
    const read = () => imageFormat(Buffer.from(start, "latin1"));
    expect(read).toThrow(DomainError);
    expect(read).toThrow(
      `Cannot read the image as only JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC or DICOM is taken: the bytes are ${found}`,
    );
    expect(read).toThrow(expect.objectContaining({ code: "unsupported_image" }));
  });
});
