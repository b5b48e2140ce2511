import { setTimeout } from "node:timers/promises";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { ImagePreprocessor } from "./image_preprocessor.ts";
import { bombs } from "./testing/bombs.ts";

const LIMITS = { maxImageBytes: 20 << 20, maxImagePixels: 100_000_000 };
const SETTINGS = { imageSize: 28, aspectRatio: "square", gridPinpoints: [] };
const MAX_RISE_BYTES = 64 << 20;

const { signal } = new AbortController();
const preprocessor = new ImagePreprocessor({
  processes: 2,
  memoryBytes: 2 ** 31,
  timeoutMs: 60_000,
  queueBytes: 1 << 30,
});
afterAll(() => preprocessor.close());

test("no bomb costs more than its own answer, nor much of the gateway's memory", async () => {
  const corpus = await bombs();
  const good = await sharp({ create: { width: 64, height: 64, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  await preprocessor.preprocess({ bytes: good, choice: {} }, SETTINGS, LIMITS, signal);
  const before = process.memoryUsage.rss();
  const watch = { most: before, isOver: false };
  const watching = (async () => {
    while (!watch.isOver) {
      watch.most = Math.max(watch.most, process.memoryUsage.rss());
      await setTimeout(5);
    }
  })();
  const outcomes: Record<string, string> = {};
  for (const { name, bytes } of corpus) {
    const { description } = await preprocessor
      .preprocess({ bytes, choice: {} }, SETTINGS, LIMITS, signal)
      .catch((error: { code: string }) => ({ description: error.code }));
    outcomes[name] = typeof description === "string" ? description : description.warnings.join();
  }
  watch.isOver = true;
  await watching;
  expect(outcomes).toEqual({
    "PNG of 19,000 × 19,000": "image_too_large",
    "PNG of 65,535 × 65,535 without pixels": "image_too_large",
    "PNG whose colour profile is 300 MB": "very_small,very_dark",
    "PNG whose comment is 300 MB": "very_small,very_dark",
    "JPEG head of 65,535 × 65,535": "damaged_image",
    "JPEG of 9,999 × 9,999 without pixels": "damaged_image",
    "TIFF of 65,535 × 65,535": "image_too_large",
    "GIF of 65,535 × 65,535": "image_too_large",
    "GIF of 100,000 frames": "first_frame_only,very_small,very_dark",
    "WebP of 20,000 frames": "first_frame_only,very_small",
    "AVIF that says 60,000 × 60,000": "image_too_large",
    "DICOM of a billion frames": "damaged_image",
    "DICOM of 65,535 × 65,535": "image_too_large",
    "deflated DICOM of 1 GB": "damaged_image",
    "DICOM of 30,000 sequences in each other": "damaged_image",
    "DICOM of 200,000 fragments": "damaged_image",
  });
  expect(watch.most - before).toBeLessThan(MAX_RISE_BYTES);
  // The processes live on.
  await expect(
    preprocessor.preprocess({ bytes: good, choice: {} }, SETTINGS, LIMITS, signal),
  ).resolves.toMatchObject({ width: 64 });
}, 120_000);
