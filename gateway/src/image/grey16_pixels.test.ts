import sharp from "sharp";
import { expect, test } from "vitest";
import { decodeImage } from "./decode_image.ts";

const LIMITS = { maxImageBytes: 1e6, maxImagePixels: 1e6 };
const VALUES = [1000, 1100, 1200, 40_000];

function png16(): Promise<Uint8Array> {
  return sharp(Uint16Array.from(VALUES), { raw: { width: 2, height: 2, channels: 1 } })
    .toColourspace("grey16")
    .png()
    .toBuffer();
}

test("decodeImage() tells the range of grey of 16 bits and shows its upper 8 bits", async () => {
  const { data, window, valueRange } = await decodeImage(await png16(), LIMITS);
  expect([...data]).toEqual(VALUES.flatMap((value) => Array(3).fill(value >> 8)));
  expect({ window, valueRange }).toEqual({ window: undefined, valueRange: [1000, 40_000] });
});

test("decodeImage() shows grey of 16 bits through a window of the caller's own", async () => {
  const choice = { window: { center: 1100, width: 201 } };
  const { data, window } = await decodeImage(await png16(), LIMITS, choice);
  expect(window).toEqual({ number: 0, of: 0, function: "LINEAR", center: 1100, width: 201 });
  // DICOM PS3.3 C.11.2.1.2.1, as for a file of its own.
  expect([...data]).toEqual([1, 128, 255, 255].flatMap((level) => Array(3).fill(level)));
});

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
