import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Raw, type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { decodeImage } from "./decode_image.ts";
import { encode16 } from "./testing/encode16.ts";
import { flatSquares } from "./testing/flat_squares.ts";
import { worstDifference } from "./testing/worst_difference.ts";

const LIMITS = { maxImageBytes: 1e6, maxImagePixels: 1e6 };

describe("decodeImage() makes RGB of 8 bits of every kind of colour:", () => {
  test.each(["png", "tiff"] as const)("cuts 16-bit grey %s to the upper 8 bits", async (format) => {
    const levels = Uint16Array.from({ length: 256 }, (_, at) => at * 257 - (at % 3));
    const file = await encode16(levels, format, { width: 16, height: 16, channels: 1 });
    const { data } = await decodeImage(file, LIMITS);
    expect([...data]).toEqual([...levels].flatMap((level) => Array(3).fill(level >> 8)));
  });

  test.each(["png", "tiff"] as const)(
    "cuts 16-bit colour %s to the upper 8 bits",
    async (format) => {
      const levels = Uint16Array.from({ length: 16 * 16 * 3 }, (_, at) => at * 85);
      const file = await encode16(levels, format, { width: 16, height: 16, channels: 3 });
      const { data } = await decodeImage(file, LIMITS);
      expect([...data]).toEqual([...levels].map((level) => level >> 8));
    },
  );

  test.each([
    { kind: "PNG", file: () => alphaRow().png() },
    { kind: "palette PNG", file: () => alphaRow().png({ palette: true }) },
    { kind: "lossless WebP", file: () => alphaRow().webp({ lossless: true, exact: true }) },
    { kind: "TIFF", file: () => alphaRow().tiff({ compression: "lzw" }) },
    { kind: "16-bit colour PNG", file: () => alphaRow16(COLOUR, "rgb16").png() },
    { kind: "grey PNG", file: () => alphaRow(GREY).toColourspace("b-w").png() },
    { kind: "16-bit grey PNG", file: () => alphaRow16(GREY, "grey16").png() },
    {
      kind: "grey TIFF",
      file: () => alphaRow(GREY).toColourspace("b-w").tiff({ compression: "lzw" }),
    },
  ])("lays alpha in a $kind on black", async ({ kind, file }) => {
    const { data, warnings } = await decodeImage(await file().toBuffer(), LIMITS);
    const half = /grey/.test(kind) ? [100, 100, 100] : [100, 50, 25];
    const whole = /grey/.test(kind) ? [200, 200, 200] : [200, 100, 50];
    expect([...data]).toEqual([...whole, 0, 0, 0, ...half]);
    expect(warnings).toEqual(["alpha_on_black"]);
  });

  test.each([
    { kind: "GIF", file: () => halfTransparent().gif() },
    { kind: "AVIF", file: () => halfTransparent().avif({ lossless: true }) },
  ])("lays the transparent half of a $kind on black", async ({ file }) => {
    const { data, warnings } = await decodeImage(await file().toBuffer(), LIMITS);
    const row = Array.from({ length: 16 }, (_, x) => (x < 8 ? [200, 100, 50] : [0, 0, 0])).flat();
    expect([...data]).toEqual(Array.from({ length: 16 }, () => row).flat());
    expect(warnings).toEqual(["alpha_on_black"]);
  });

  // From Pillow 13.0.0: inks pasted as squares of 16 into Image.new("CMYK", (96, 16)), saved as JPEG (quality 95, subsampling 0,
  // inverted as Adobe has it) and as TIFF (LZW); the colours are its own convert("RGB").
  test.each(["inks.jpg", "inks.tiff"])("gives the inks of %s their colours", async (name) => {
    const { data, width } = await decodeImage(readFile(name), LIMITS);
    const middles = Array.from({ length: 6 }, (_, square) => {
      const from = (8 * width + 16 * square + 8) * 3;
      return [...data.subarray(from, from + 3)];
    });
    expect(middles).toEqual([
      [255, 255, 255], // no ink
      [0, 0, 0], // black
      [0, 255, 255], // cyan
      [255, 0, 255], // magenta
      [255, 255, 0], // yellow
      [197, 125, 44], // 10, 100, 200 and 50 of 255
    ]);
  });

  test("leaves the alpha of a CMYK TIFF aside, as Pillow does", async () => {
    const cmyk = sharp(readFile("inks.tiff")).toColourspace("cmyk").ensureAlpha(0.5);
    const file = await cmyk.tiff({ compression: "lzw" }).toBuffer();
    expect(await sharp(file).metadata()).toMatchObject({ space: "cmyk", channels: 5 });
    const { data, width, height } = await decodeImage(file, LIMITS);
    expect([data.length, width, height]).toEqual([96 * 16 * 3, 96, 16]);
    expect([...data.subarray(0, 3)]).toEqual([255, 255, 255]);
  });

  test.each([
    { kind: "JPEG", file: (squares: Sharp) => squares.jpeg({ quality: 100 }) },
    { kind: "PNG", file: (squares: Sharp) => squares.png() },
    { kind: "TIFF", file: (squares: Sharp) => squares.tiff({ compression: "lzw" }) },
  ])("gives grey of a $kind as three equal channels", async ({ file }) => {
    const levels = [0, 1, 100, 254, 255];
    const grey = Uint8Array.from({ length: 16 * 80 }, (_, at) => levels[(at % 80) >> 4] ?? 0);
    const squares = sharp(grey, { raw: { width: 80, height: 16, channels: 1 } });
    const bytes = await file(squares.toColourspace("b-w")).toBuffer();
    expect((await sharp(bytes).metadata()).channels).toBe(1);
    const { data } = await decodeImage(bytes, LIMITS);
    expect([...data]).toEqual([...grey].flatMap((level) => [level, level, level]));
  });

  test.each([
    { kind: "palette PNG", file: (squares: Sharp) => squares.png({ palette: true }) },
    { kind: "GIF", file: (squares: Sharp) => squares.gif({ dither: 0 }) },
    { kind: "10-bit AVIF", file: (squares: Sharp) => squares.avif({ bitdepth: 10, quality: 95 }) },
  ])("gives the colours of a $kind", async ({ kind, file }) => {
    const squares = flatSquares();
    const { width, height } = squares;
    const raw = { width, height, channels: 3 } as const;
    const image = await decodeImage(await file(sharp(squares.data, { raw })).toBuffer(), LIMITS);
    // AVIF rounds brightness and colours; a palette has the colours themselves.
    expect(worstDifference(image, squares)).toBeLessThanOrEqual(/AVIF/.test(kind) ? 2 : 0);
  });

  test.each([
    { opacity: 255, warnings: [] },
    { opacity: 254, warnings: ["alpha_on_black"] },
  ])(
    "says that alpha is laid on black where a pixel has $opacity",
    async ({ opacity, warnings }) => {
      const rgba = Uint8Array.from([9, 9, 9, 255, 9, 9, 9, opacity]);
      const file = await sharp(rgba, { raw: { width: 2, height: 1, channels: 4 } })
        .png()
        .toBuffer();
      expect((await decodeImage(file, LIMITS)).warnings).toEqual(warnings);
    },
  );
});

const GREY = [200, 255, 200, 0, 200, 128];
const COLOUR = [200, 100, 50, 255, 200, 100, 50, 0, 200, 100, 50, 128];

/** Three pixels alike: opaque, transparent, half of each. */
function alphaRow(levels = COLOUR): Sharp {
  return sharp(Uint8Array.from(levels), { raw: rowOf(levels) });
}

function alphaRow16(levels: readonly number[], space: string): Sharp {
  const words = Uint16Array.from(levels, (level) => level * 257);
  return sharp(words, { raw: rowOf(levels) }).toColourspace(space);
}

function rowOf({ length }: readonly number[]): Raw {
  return { width: 3, height: 1, channels: length === GREY.length ? 2 : 4 };
}

/** 16×16, the right half of it transparent. */
function halfTransparent(): Sharp {
  const rgba = Uint8Array.from(
    { length: 16 * 16 * 4 },
    (_, at) => [200, 100, 50, (at >> 2) % 16 < 8 ? 255 : 0][at % 4] ?? 0,
  );
  return sharp(rgba, { raw: { width: 16, height: 16, channels: 4 } });
}

function readFile(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, "testing", name));
}
