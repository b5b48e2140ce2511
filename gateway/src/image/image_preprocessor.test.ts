import sharp from "sharp";
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { ImagePreprocessor } from "./image_preprocessor.ts";
import { preprocessPixels } from "./preprocess_pixels.ts";

const POOL = { memoryBytes: 2 ** 31, timeoutMs: 60_000, queueBytes: 1 << 20 };
const LIMITS = { maxImageBytes: 1e7, maxImagePixels: 2e7 };
const SETTINGS = {
  imageSize: 32,
  aspectRatio: "anyres",
  gridPinpoints: [
    [32, 32],
    [64, 32],
    [64, 64],
  ],
} as const;

describe("ImagePreprocessor", { timeout: 60_000 }, () => {
  const preprocessor = new ImagePreprocessor({ ...POOL, processes: 2 });
  const { signal } = new AbortController();
  afterAll(() => preprocessor.close());

  test("preprocess() gives the tiles of the decoded pixels and leaves the bytes to the caller", async () => {
    const image = drawn(90, 60);
    const bytes = await png(image);
    const length = bytes.length;
    const tiles = await preprocessor.preprocess(file(bytes), SETTINGS, LIMITS, signal);
    expect(tiles).toEqual({
      ...preprocessPixels(image, SETTINGS),
      description: { format: "png", frame: { number: 1, of: 1 }, warnings: [] },
    });
    expect(bytes.length).toBe(length);
  });

  test.each([
    { name: "text", bytes: Buffer.from("hello"), code: "unsupported_image" },
    { name: "half a JPEG", bytes: Buffer.from("ffd8ffe000104a46", "hex"), code: "damaged_image" },
    { name: "too many bytes", bytes: new Uint8Array(1e7 + 1), code: "image_too_large" },
  ])("preprocess() rejects $name with $code", async ({ bytes, code }) => {
    await expect(
      preprocessor.preprocess(file(bytes), SETTINGS, LIMITS, signal),
    ).rejects.toMatchObject({
      name: "DomainError",
      code,
    });
  });

  test("preprocess() rejects impossible settings with internal", async () => {
    await expect(
      preprocessor.preprocess(
        file(await png(drawn(9, 9))),
        { ...SETTINGS, gridPinpoints: [] },
        LIMITS,
        signal,
      ),
    ).rejects.toMatchObject({ code: "internal" });
  });

  test("preprocess() rejects with the abort reason", async () => {
    const reason = new Error("the client has gone");
    const controller = new AbortController();
    const image = preprocessor.preprocess(
      file(await png(drawn(90, 60))),
      SETTINGS,
      LIMITS,
      controller.signal,
    );
    controller.abort(reason);
    await expect(image).rejects.toBe(reason);
  });

  test("preprocess() leaves the event loop free", async () => {
    const bytes = await png(drawn(3000, 2000));
    const work = { isDone: false };
    const done = preprocessor
      .preprocess(
        file(bytes),
        { ...SETTINGS, imageSize: 384, aspectRatio: "square" },
        LIMITS,
        signal,
      )
      .finally(() => {
        work.isDone = true;
      });
    let ticks = 0;
    while (!work.isDone) {
      await setTimeout(1);
      ticks++;
    }
    await done;
    // On the event loop the resize alone would be one tick.
    expect(ticks).toBeGreaterThan(10);
  });

  test("close() ends the processes and refuses what comes after", async () => {
    const closing = new ImagePreprocessor({ ...POOL, processes: 1 });
    await closing.preprocess(file(await png(drawn(9, 9))), SETTINGS, LIMITS, signal);
    await closing.close();
    await expect(
      closing.preprocess(file(new Uint8Array(1)), SETTINGS, LIMITS, signal),
    ).rejects.toMatchObject({ code: "unavailable" });
  });
});

function file(bytes: Uint8Array) {
  return { bytes, choice: {} };
}

function drawn(width: number, height: number) {
  return {
    data: Uint8Array.from({ length: width * height * 3 }, (_, at) => at * 31),
    width,
    height,
  };
}

function png({ data, width, height }: ReturnType<typeof drawn>): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
