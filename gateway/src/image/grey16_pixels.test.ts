import sharp from "sharp";
import { expect, test } from "vitest";
import { decodeImage } from "./decode_image.ts";
import { encode16 } from "./testing/encode16.ts";

const LIMITS = { maxImageBytes: 1e6, maxImagePixels: 1e6 };
const VALUES = [1000, 1100, 1200, 40_000];

const FORMATS = ["png", "tiff"] as const;

function encode(format: (typeof FORMATS)[number]): Promise<Uint8Array> {
  return encode16(Uint16Array.from(VALUES), format, { width: 2, height: 2, channels: 1 });
}

test.each(FORMATS)(
  "decodeImage() tells the range of grey of 16 bits in %s and shows its upper 8 bits",
  async (format) => {
    const { data, window, valueRange } = await decodeImage(await encode(format), LIMITS);
    expect([...data]).toEqual(VALUES.flatMap((value) => Array(3).fill(value >> 8)));
    expect({ window, valueRange }).toEqual({ window: undefined, valueRange: [1000, 40_000] });
  },
);

test.each(FORMATS)(
  "decodeImage() shows grey of 16 bits in %s through a window of the caller's own",
  async (format) => {
    const choice = { window: { center: 1100, width: 201 } };
    const { data, window } = await decodeImage(await encode(format), LIMITS, choice);
    expect(window).toEqual({ number: 0, of: 0, function: "LINEAR", center: 1100, width: 201 });
    // DICOM PS3.3 C.11.2.1.2.1, as for a file of its own.
    expect([...data]).toEqual([1, 128, 255, 255].flatMap((level) => Array(3).fill(level)));
  },
);

test.each(["png", "jpeg"] as const)(
  "decodeImage() refuses a window of what has 8 bits, such as this %s",
  async (format) => {
    const background = { r: 1, g: 2, b: 3 };
    const image = sharp({ create: { width: 2, height: 2, channels: 3, background } });
    const bytes = await image.toFormat(format).toBuffer();
    const choice = { window: { center: 10, width: 10 } };
    await expect(decodeImage(bytes, LIMITS, choice)).rejects.toMatchObject({
      code: "invalid_request",
      field: "center",
    });
  },
);
