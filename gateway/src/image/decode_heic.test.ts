import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeImage } from "./decode_image.ts";
import { ORIENTATIONS, storedTurned } from "./testing/stored_turned.ts";
import { turnHeic } from "./testing/turn_heic.ts";

const LIMITS = { maxImageBytes: 1e6, maxImagePixels: 1e6 };
const FILE = readFileSync(join(import.meta.dirname, "testing/phone.heic"));
const WIDTH = 64;
const HEIGHT = 48;

describe("decodeImage() reads HEIC", { timeout: 60_000 }, () => {
  test("with the colours that went in, and leaves its EXIF orientation alone", async () => {
    const image = await decodeImage(FILE, LIMITS);
    expect(image).toMatchObject({ format: "heic", width: WIDTH, height: HEIGHT, warnings: [] });
    const worst = image.data.reduce((most, level, at) => {
      const pixel = Math.floor(at / 3);
      const drawn = [3 * (pixel % WIDTH), 4 * Math.floor(pixel / WIDTH), 128][at % 3] ?? 0;
      return Math.max(most, Math.abs(level - drawn));
    }, 0);
    expect(worst).toBeLessThanOrEqual(8);
  });

  test("laid on black where it is transparent, and says so", async () => {
    const file = readFileSync(join(import.meta.dirname, "testing/sticker.heic"));
    const image = await decodeImage(file, LIMITS);
    expect(image).toMatchObject({ width: WIDTH, height: HEIGHT, warnings: ["alpha_on_black"] });
    const halves = { left: 0, right: 0 };
    for (let y = 0; y < HEIGHT; y++) {
      for (let x = 0; x < WIDTH; x++) {
        const blue = image.data[(y * WIDTH + x) * 3 + 2] ?? 0;
        if (x < WIDTH / 2) halves.left = Math.max(halves.left, Math.abs(blue - 128));
        else halves.right = Math.max(halves.right, blue);
      }
    }
    expect(halves.left).toBeLessThanOrEqual(8);
    expect(halves.right).toBe(0);
  });

  test.each(ORIENTATIONS)("turned as EXIF orientation %d says", async (orientation) => {
    const stored = await decodeImage(FILE, LIMITS);
    const image = await decodeImage(turnHeic(FILE, orientation), LIMITS);
    const isTurned = orientation >= 5;
    expect([image.width, image.height]).toEqual(isTurned ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT]);
    expect(storedTurned(image, orientation).data).toEqual(stored.data);
  });

  test("and refuses more pixels than are taken", async () => {
    await expect(decodeImage(FILE, { ...LIMITS, maxImagePixels: 3071 })).rejects.toMatchObject({
      code: "image_too_large",
    });
  });

  test("and refuses one without a size", async () => {
    const file = Buffer.from(FILE);
    // The property that tells it becomes one that nobody knows.
    file.write("free", file.lastIndexOf("ispe"), "latin1");
    await expect(decodeImage(file, LIMITS)).rejects.toMatchObject({
      code: "damaged_image",
      message: expect.stringContaining("its size is 0×0"),
    });
  });

  test("and refuses it cut anywhere", async () => {
    for (const share of [0.05, 0.3, 0.6, 0.9, 0.99]) {
      const cut = FILE.subarray(0, Math.floor(FILE.length * share));
      await expect(decodeImage(cut, LIMITS)).rejects.toMatchObject({ code: "damaged_image" });
    }
  });

  test("or says by name what must be installed for it", () => {
    // A process in which the optional package cannot be found.
    const withoutIt = `import { registerHooks } from "node:module";
      registerHooks({ resolve(name, context, next) {
        if (name.startsWith("libheif-js")) throw new Error("Cannot find package " + name);
        return next(name, context);
      } });
      const { decodeImage } = await import(${JSON.stringify(new URL("./decode_image.ts", import.meta.url))});
      const read = (bytes) => decodeImage(bytes, ${JSON.stringify(LIMITS)}).then(
        ({ format }) => ({ format }),
        ({ name, code, message, hint }) => ({ name, code, message, hint }),
      );
      const files = process.argv.slice(1).map((file) => Buffer.from(file, "base64"));
      console.log(JSON.stringify(await Promise.all(files.map(read))));`;
    const jpeg = readFileSync(join(import.meta.dirname, "testing/seeds/picture.jpeg"));
    const files = [FILE, jpeg].map((bytes) => bytes.toString("base64"));
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module", "-e", withoutIt, ...files],
      { encoding: "utf8" },
    );
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual([
      {
        name: "DomainError",
        code: "unsupported_image",
        message:
          "Cannot read the HEIC image as its decoder must be installed: the package libheif-js is not",
        hint: "Send the image as JPEG",
      },
      { format: "jpeg" },
    ]);
  });
});
