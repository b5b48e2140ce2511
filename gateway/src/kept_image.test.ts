import { assert, property, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import type { PreparedImage } from "./image/image_preprocessor.ts";
import { changes, mutated } from "./image/testing/mutation.ts";
import { decodeImage, encodeImage } from "./kept_image.ts";
import { PREPROCESSING_VERSION } from "./image/preprocess_pixels.ts";

const IMAGE: PreparedImage = {
  pixels: Uint8Array.from({ length: 12 }, (_, index) => index),
  tiles: 1,
  imageSize: 2,
  width: 20,
  height: 10,
  gridWidth: 0,
  gridHeight: 0,
  preprocessingVersion: PREPROCESSING_VERSION,
  description: {
    format: "dicom",
    frame: { number: 1, of: 3 },
    window: { number: 1, of: 2, function: "LINEAR", center: 40, width: 400 },
    valueRange: [-1024, 3071],
    modality: "CT",
    laterality: "L",
    spacingMm: [0.5, 0.5],
    warnings: ["very_dark"],
  },
};

test("decodeImage() gives back what encodeImage() packed", () => {
  expect(decodeImage(encodeImage(IMAGE))).toEqual(IMAGE);
});

test.each([
  { what: "nothing", packed: new Uint8Array() },
  { what: "no JSON", packed: Buffer.from([2, 0, 0, 0, 1, 2, 3]) },
  { what: "a head that is longer than all", packed: Buffer.from([255, 255, 255, 255, 123, 125]) },
  { what: "another version's head", packed: Buffer.from([2, 0, 0, 0, 123, 125, 0, 0]) },
])("decodeImage() finds no image in $what", ({ packed }) => {
  expect(decodeImage(packed)).toBeUndefined();
});

test("decodeImage() finds an image or none in what was changed, and none in any head", () => {
  const runs = { numRuns: 300, seed: 1 };
  const whole = encodeImage(IMAGE);
  assert(
    property(changes, (each) => {
      const format = decodeImage(mutated(whole, each))?.description.format;
      expect(["undefined", "dicom"]).toContain(String(format));
    }),
    runs,
  );
  assert(
    property(uint8Array({ maxLength: 64 }), (bytes) => {
      expect(decodeImage(bytes)).toBeUndefined();
    }),
    runs,
  );
});
