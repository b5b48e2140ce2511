import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { crc32 } from "node:zlib";
import { decodeImage } from "./decode_image.ts";
import { restrictDecoders } from "./decode_picture.ts";
import { type RgbImage, plainImage } from "./rgb_image.ts";
import { flatSquares } from "./testing/flat_squares.ts";
import { ORIENTATIONS, storedTurned } from "./testing/stored_turned.ts";
import { turnHeic } from "./testing/turn_heic.ts";
import { worstDifference } from "./testing/worst_difference.ts";

const LIMITS = { maxImageBytes: 1e6, maxImagePixels: 1e6 };
const WIDTH = 40;
const HEIGHT = 30;
const UPRIGHT = smoothImage();
const FORMATS = ["jpeg", "png", "webp", "tiff", "avif"] as const;
const TOLERANCE: Partial<Record<(typeof FORMATS)[number], number>> = { jpeg: 6, avif: 3 };

describe("decodeImage()", () => {
  test.each(
    FORMATS.flatMap((format) => ORIENTATIONS.map((orientation) => ({ format, orientation }))),
  )(
    "stands $format with EXIF orientation $orientation upright",
    async ({ format, orientation }) => {
      const file = await encode(storedTurned(UPRIGHT, orientation), format)
        .withMetadata({ orientation })
        .toBuffer();
      const image = await decodeImage(file, LIMITS);
      expect([image.width, image.height]).toEqual([WIDTH, HEIGHT]);
      // JPEG rounds its frequencies, AVIF its brightness and colours; the others keep every pixel.
      expect(worstDifference(image, UPRIGHT)).toBeLessThanOrEqual(TOLERANCE[format] ?? 0);
    },
  );

  test.each([...FORMATS, "heic"] as const)(
    "gives one digest for %s, however it was turned when it was stored",
    async (format) => {
      const upright = flatSquares();
      const digests = new Set<string>();
      for (const orientation of ORIENTATIONS) {
        const file =
          format === "heic"
            ? turnHeic(readSquares(orientation), orientation)
            : await encode(storedTurned(upright, orientation), format)
                .withMetadata({ orientation })
                .toBuffer();
        const image = await decodeImage(file, LIMITS);
        expect([image.width, image.height]).toEqual([upright.width, upright.height]);
        // A step of rounding to another space of colours and back, everywhere the same.
        expect(worstDifference(image, upright)).toBeLessThanOrEqual(1);
        digests.add(createHash("sha256").update(image.data).digest("hex"));
      }
      expect(digests.size).toBe(1);
    },
    60_000,
  );

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

  test("takes the first frame of a GIF and says so", async () => {
    const frames = await sharp([await red(8), await red(200)], { join: { animated: true } })
      .gif()
      .toBuffer();
    const image = await decodeImage(frames, LIMITS);
    expect(image).toMatchObject({
      format: "gif",
      width: 4,
      height: 4,
      frame: { number: 1, of: 2 },
      warnings: ["first_frame_only"],
    });
    expect(image.data[0]).toBe(8);
  });

  test.each(["tiff", "avif", "heic"] as const)(
    "takes the first of several images in %s and says so",
    async (format) => {
      const file =
        format === "tiff"
          ? await sharp([await red(8), await red(200)], { join: { animated: true } })
              .tiff({ compression: "lzw" })
              .toBuffer()
          : readFileSync(join(import.meta.dirname, `testing/two.${format}`));
      const image = await decodeImage(file, LIMITS);
      expect(image).toMatchObject({
        format,
        frame: { number: 1, of: 2 },
        warnings: ["first_frame_only"],
      });
      expect(image.height).toBe(image.width);
      expect(Math.abs((image.data[0] ?? 0) - 8)).toBeLessThanOrEqual(8);
    },
  );

  test("says nothing of frames where there is one", async () => {
    const image = await decodeImage(await encode(UPRIGHT, "png").gif().toBuffer(), LIMITS);
    expect(image).toMatchObject({ frame: { number: 1, of: 1 }, warnings: [] });
  });

  test.each([
    { choice: { frame: 2 }, field: "frame" },
    { choice: { window: 1 }, field: "window" },
  ])("refuses to choose a $field of what is not DICOM", async ({ choice, field }) => {
    const file = await encode(UPRIGHT, "png").toBuffer();
    await expect(decodeImage(file, LIMITS, choice)).rejects.toMatchObject({
      code: "invalid_request",
      field,
    });
    await expect(decodeImage(file, LIMITS, { frame: 1 })).resolves.toMatchObject({ width: WIDTH });
  });

  test("answers damaged bytes with a domain error or pixels, never with anything else", async () => {
    const random = randomNumbers(2);
    for (const format of ["jpeg", "png", "webp"] as const) {
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

test("restrictDecoders() shuts libvips' own SVG loader", async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>');
  await expect(sharp(svg).metadata()).resolves.toMatchObject({ format: "svg" });
  restrictDecoders();
  await expect(sharp(svg).metadata()).rejects.toThrow("unsupported image format");
  for (const format of FORMATS) {
    const file = await encode(UPRIGHT, format).toBuffer();
    await expect(decodeImage(file, LIMITS)).resolves.toMatchObject({ format, width: WIDTH });
  }
});

function encode(image: RgbImage, format: (typeof FORMATS)[number]): Sharp {
  const { width, height } = image;
  return sharp(image.data, { raw: { width, height, channels: 3 } }).toFormat(
    format,
    format === "jpeg"
      ? { quality: 100, chromaSubsampling: "4:4:4" }
      : { lossless: true, ...(format === "tiff" && { compression: "lzw" }) },
  );
}

/** The flat squares as HEIC stores them before it turns them. */
function readSquares(orientation: number): Buffer {
  return readFileSync(join(import.meta.dirname, `testing/squares_${orientation}.heic`));
}

/** A small frame of one red, as PNG. */
function red(level: number): Promise<Buffer> {
  const background = { r: level, g: 0, b: 0 };
  return sharp({ create: { width: 4, height: 4, channels: 3, background } })
    .png()
    .toBuffer();
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

/** Between 0 and 1, the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
