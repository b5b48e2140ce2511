import { expect, test } from "vitest";
import { rgbOfCmyk } from "./cmyk_pixels.ts";

// From Pillow 13.0.0: Image.frombytes("CMYK", (1, 1), bytes(cmyk)).convert("RGB").tobytes()
test.each([
  { cmyk: [0, 0, 0, 0], rgb: [255, 255, 255] },
  { cmyk: [0, 0, 0, 255], rgb: [0, 0, 0] },
  { cmyk: [255, 0, 0, 0], rgb: [0, 255, 255] },
  { cmyk: [10, 100, 200, 50], rgb: [197, 125, 44] },
])("rgbOfCmyk() gives $cmyk the colour $rgb", ({ cmyk, rgb }) => {
  expect([...rgbOfCmyk(Uint8Array.from(cmyk))]).toEqual(rgb);
});
