import { describe, expect, test } from "vitest";
import { DomainError } from "@medv/proto";
import { imageFormat } from "./image_format.ts";

describe("imageFormat()", () => {
  test.each([
    { format: "jpeg", start: "\xff\xd8\xff\xe0\0\x10JFIF" },
    { format: "png", start: "\x89PNG\r\n\x1a\n\0\0\0\rIHDR" },
    { format: "webp", start: "RIFF\x10\0\0\0WEBPVP8L" },
  ])("knows $format by its first bytes", ({ format, start }) => {
    expect(imageFormat(Buffer.from(start, "latin1"))).toBe(format);
  });

  test.each([
    { found: "GIF", start: "GIF89a" },
    { found: "DICOM", start: `${"\0".repeat(128)}DICM` },
    { found: "TIFF", start: "II*\0\x08\0\0\0" },
    { found: "TIFF", start: "MM\0*\0\0\0\x08" },
    { found: "PDF", start: "%PDF-1.7" },
    { found: "HEIC", start: "\0\0\0\x18ftypheic" },
    { found: "AVIF", start: "\0\0\0\x18ftypavif" },
    { found: "MP4 or QuickTime video", start: "\0\0\0\x18ftypisom" },
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
      `Cannot read the image as only JPEG, PNG or WebP is taken: the bytes are ${found}`,
    );
    expect(read).toThrow(expect.objectContaining({ code: "unsupported_image" }));
  });
});
