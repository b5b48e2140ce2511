import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { crc32 } from "node:zlib";
import { decodeImage, restrictDecoders } from "./decode_image.ts";
import { type RgbImage, plainImage } from "./rgb_image.ts";

const LIMITS = { maxImageBytes: 1e6, maxImagePixels: 1e6 };
const WIDTH = 40;
const HEIGHT = 30;
const UPRIGHT = smoothImage();
const FORMATS = ["jpeg", "png", "webp"] as const;
const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8];

describe("decodeImage()", () => {
  test.each(
    FORMATS.flatMap((format) => ORIENTATIONS.map((orientation) => ({ format, orientation }))),
  )(
    "stands $format with EXIF orientation $orientation upright",
    async ({ format, orientation }) => {
      const file = await encode(stored(orientation), format)
        .withMetadata({ orientation })
        .toBuffer();
      const image = await decodeImage(file, LIMITS);
      expect([image.width, image.height]).toEqual([WIDTH, HEIGHT]);
      // JPEG rounds its frequencies; the other two keep every pixel.
      expect(worstDifference(image, UPRIGHT)).toBeLessThanOrEqual(format === "jpeg" ? 6 : 0);
    },
  );

  test("cuts 16-bit grey to the upper 8 bits", async () => {
    const levels = Uint16Array.from({ length: 256 }, (_, at) => at * 257 - (at % 3));
    const file = await sharp(levels, { raw: { width: 16, height: 16, channels: 1 } })
      .toColourspace("grey16")
      .png()
      .toBuffer();
    const { data } = await decodeImage(file, LIMITS);
    expect([...data]).toEqual([...levels].flatMap((level) => Array(3).fill(level >> 8)));
  });

  test("cuts 16-bit colour to the upper 8 bits", async () => {
    const levels = Uint16Array.from({ length: 16 * 16 * 3 }, (_, at) => at * 85);
    const file = await sharp(levels, { raw: { width: 16, height: 16, channels: 3 } })
      .toColourspace("rgb16")
      .png()
      .toBuffer();
    const { data } = await decodeImage(file, LIMITS);
    expect([...data]).toEqual([...levels].map((level) => level >> 8));
  });

  test.each(["png", "webp"] as const)("lays alpha in %s on black", async (format) => {
    const rgba = Uint8Array.from([200, 100, 50, 255, 200, 100, 50, 0, 200, 100, 50, 128]);
    const file = await sharp(rgba, { raw: { width: 3, height: 1, channels: 4 } })
      .toFormat(format, { lossless: true, exact: true })
      .toBuffer();
    const { data } = await decodeImage(file, LIMITS);
    expect([...data]).toEqual([200, 100, 50, 0, 0, 0, 100, 50, 25]);
  });

  test.each([
    { kind: "grey JPEG", file: () => encode(UPRIGHT, "jpeg").greyscale() },
    { kind: "grey PNG", file: () => encode(UPRIGHT, "png").greyscale() },
    { kind: "palette PNG", file: () => encode(UPRIGHT, "png").png({ palette: true }) },
    { kind: "CMYK JPEG", file: () => encode(UPRIGHT, "jpeg").toColourspace("cmyk") },
  ])("gives three channels for a $kind", async ({ file }) => {
    const { data, width, height } = await decodeImage(await file().toBuffer(), LIMITS);
    expect([data.length, width, height]).toEqual([WIDTH * HEIGHT * 3, WIDTH, HEIGHT]);
    expect(new Set(data).size).toBeGreaterThan(16);
  });

  test("ignores a colour profile", async () => {
    const { data: storedLevels } = await sharp(
      await encode(UPRIGHT, "png").withIccProfile("p3").toBuffer(),
      {
        ignoreIcc: true,
      },
    )
      .raw()
      .toBuffer({ resolveWithObject: true });
    const file = await encode(UPRIGHT, "png").withIccProfile("p3").toBuffer();
    expect((await decodeImage(file, LIMITS)).data).toEqual(storedLevels);
    expect(Buffer.compare(storedLevels, UPRIGHT.data)).not.toBe(0);
  });

  test("refuses more bytes than are taken before it looks at them", async () => {
    await expect(
      decodeImage(new Uint8Array(11), { ...LIMITS, maxImageBytes: 10 }),
    ).rejects.toMatchObject({
      code: "image_too_large",
      message: "Cannot read the image as it may have at most 10 bytes: it has 11",
    });
  });

  test.each(FORMATS)("refuses more pixels than are taken in %s", async (format) => {
    const file = await encode(UPRIGHT, format).toBuffer();
    await expect(decodeImage(file, { ...LIMITS, maxImagePixels: 1199 })).rejects.toMatchObject({
      code: "image_too_large",
      message: "Cannot read the image as it may have at most 1199 pixels: it is 40×30",
    });
    await expect(decodeImage(file, { ...LIMITS, maxImagePixels: 1200 })).resolves.toMatchObject({
      width: 40,
    });
  });

  test("refuses a PNG by the size its header claims, before decoding", async () => {
    const file = await encode(UPRIGHT, "png").toBuffer();
    file.writeUInt32BE(65_535, 16);
    file.writeUInt32BE(65_535, 20);
    file.writeUInt32BE(crc32(file.subarray(12, 29)), 29);
    await expect(decodeImage(file, LIMITS)).rejects.toMatchObject({
      code: "image_too_large",
      message: "Cannot read the image as it may have at most 1000000 pixels: it is 65535×65535",
    });
  });

  test.each(FORMATS)("refuses %s cut anywhere", async (format) => {
    const file = await encode(UPRIGHT, format).toBuffer();
    for (const share of [0.3, 0.5, 0.8, 0.95, 0.99]) {
      const cut = file.subarray(0, Math.floor(file.length * share));
      await expect(decodeImage(cut, LIMITS)).rejects.toMatchObject({ code: "damaged_image" });
    }
    await expect(decodeImage(file.subarray(0, -1), LIMITS)).rejects.toMatchObject({
      code: "damaged_image",
    });
  });

  test.each([
    { format: "GIF", file: () => encode(UPRIGHT, "png").gif() },
    { format: "TIFF", file: () => encode(UPRIGHT, "png").tiff() },
    { format: "AVIF", file: () => encode(UPRIGHT, "png").avif() },
  ])("refuses a real $format", async ({ format, file }) => {
    await expect(decodeImage(await file().toBuffer(), LIMITS)).rejects.toMatchObject({
      code: "unsupported_image",
      message: expect.stringContaining(`the bytes are ${format}`),
    });
  });

  test("answers damaged bytes with a domain error or pixels, never with anything else", async () => {
    const random = randomNumbers(2);
    for (const format of FORMATS) {
      const file = await encode(UPRIGHT, format).toBuffer();
      for (let round = 0; round < 60; round++) {
        const damaged = Uint8Array.from(file);
        for (let change = 0; change < 4; change++) {
          damaged[12 + Math.floor(random() * (file.length - 12))] = random() * 256;
        }
        const outcome = await decodeImage(damaged, LIMITS).catch((error: unknown) => error);
        expect(outcome).toSatisfy(
          (value: { code?: string; data?: Uint8Array; width: number; height: number }) =>
            value.code === "damaged_image" ||
            value.code === "image_too_large" ||
            value.data?.length === value.width * value.height * 3,
        );
      }
    }
  });

  test("refuses random bytes after each signature", async () => {
    const random = randomNumbers(1);
    for (const start of ["\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "RIFF\xff\0\0\0WEBPVP8 "]) {
      for (let round = 0; round < 20; round++) {
        const noise = Buffer.from(Uint8Array.from({ length: 300 }, () => random() * 256));
        const file = Buffer.concat([Buffer.from(start, "latin1"), noise]);
        await expect(decodeImage(file, LIMITS)).rejects.toMatchObject({
          code: expect.stringMatching(/^(damaged_image|image_too_large)$/),
        });
      }
    }
  });
});

test.each([
  { format: "GIF", file: () => encode(UPRIGHT, "png").gif().toBuffer() },
  { format: "TIFF", file: () => encode(UPRIGHT, "png").tiff().toBuffer() },
  {
    format: "SVG",
    file: async () =>
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'),
  },
])("restrictDecoders() shuts libvips' own $format loader", async ({ file }) => {
  const bytes = await file();
  restrictDecoders();
  await expect(sharp(bytes).metadata()).rejects.toThrow("unsupported image format");
  const jpeg = await encode(UPRIGHT, "jpeg").toBuffer();
  await expect(decodeImage(jpeg, LIMITS)).resolves.toMatchObject({ width: WIDTH });
});

function encode(image: RgbImage, format: (typeof FORMATS)[number]): Sharp {
  const { width, height } = image;
  return sharp(image.data, { raw: { width, height, channels: 3 } }).toFormat(
    format,
    format === "jpeg" ? { quality: 100, chromaSubsampling: "4:4:4" } : { lossless: true },
  );
}

/** `UPRIGHT` as a camera that tags `orientation` stores it. */
function stored(orientation: number): RgbImage {
  const turned = orientation >= 5;
  const image = plainImage(turned ? HEIGHT : WIDTH, turned ? WIDTH : HEIGHT, 0);
  const right = WIDTH - 1;
  const bottom = HEIGHT - 1;
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      // Where the stored pixel of (x, y) lies, by the EXIF standard's table of orientations.
      const places = [
        [x, y],
        [right - x, y],
        [right - x, bottom - y],
        [x, bottom - y],
        [y, x],
        [y, right - x],
        [bottom - y, right - x],
        [bottom - y, x],
      ];
      const [column = 0, row = 0] = places[orientation - 1] ?? [];
      const from = (y * WIDTH + x) * 3;
      image.data.set(UPRIGHT.data.subarray(from, from + 3), (row * image.width + column) * 3);
    }
  }
  return image;
}

function smoothImage(): RgbImage {
  const image = plainImage(WIDTH, HEIGHT, 0);
  for (let at = 0; at < image.data.length; at++) {
    const x = Math.floor(at / 3) % WIDTH;
    const y = Math.floor(at / 3 / WIDTH);
    image.data[at] = at % 3 === 0 ? x * 6 : at % 3 === 1 ? y * 8 : 128 + 3 * (x - y);
  }
  return image;
}

function worstDifference(image: RgbImage, expected: RgbImage): number {
  return image.data.reduce(
    (worst, level, at) => Math.max(worst, Math.abs(level - (expected.data[at] ?? Infinity))),
    0,
  );
}

/** Between 0 and 1, the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
