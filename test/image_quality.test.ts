import { decodeImage } from "@medv/gateway/image/decode_image";
import { qualityWarnings } from "@medv/gateway/image/image_quality";
import { drawPhantom } from "@medv/phantoms/draw_phantom";
import { encodePng } from "@medv/phantoms/encode_png";
import sharp, { type Sharp } from "sharp";
import { beforeAll, expect, test } from "vitest";

const COUNT = 40;
const LIMITS = { maxImageBytes: 1e8, maxImagePixels: 1e8 };

/** The made set: phantoms of all five modalities as drawn, a little softened, and spoilt in one way each. */
const SPOILT: Readonly<Record<string, { warning?: string; spoil: (image: Sharp) => Sharp }>> = {
  drawn: { spoil: (image) => image },
  soft: { spoil: (image) => image.blur(0.8) },
  enlarged: { spoil: (image) => image.resize(400) },
  blurred: { warning: "blurred", spoil: (image) => image.blur(3) },
  "enlarged and blurred": { warning: "blurred", spoil: (image) => image.resize(400).blur(7) },
  dark: { warning: "very_dark", spoil: (image) => image.linear(0.08, 0) },
  bright: { warning: "very_bright", spoil: (image) => image.linear(0.08, 234) },
  small: { warning: "very_small", spoil: (image) => image.resize(32, 32) },
};

/** How often each warning was given and due. */
const tally = new Map<string, { right: number; given: number; due: number }>();

const counts = (code: string) => tally.get(code) ?? { right: 0, given: 0, due: 0 };

beforeAll(async () => {
  for (let index = 0; index < COUNT; index++) {
    const phantom = await encodePng(drawPhantom("test", 7, index).image);
    // 8 bits, so that the same change of levels means the same for all.
    const levels = await sharp(phantom).toColourspace("srgb").png().toBuffer();
    for (const { warning: due, spoil } of Object.values(SPOILT)) {
      const file = await spoil(sharp(levels)).png().toBuffer();
      const given = qualityWarnings(await decodeImage(file, LIMITS));
      for (const code of new Set([...given, ...(due === undefined ? [] : [due])])) {
        const { right, given: sum, due: dues } = counts(code);
        const isGiven = given.some((each) => each === code);
        tally.set(code, {
          right: right + Number(isGiven && code === due),
          given: sum + Number(isGiven),
          due: dues + Number(code === due),
        });
      }
    }
  }
  for (const [code, { right, given, due }] of tally) {
    process.stdout.write(`${code}: precision ${right}/${given}, recall ${right}/${due}\n`);
  }
}, 120_000);

test.each(["blurred", "very_dark", "very_bright", "very_small"])(
  "qualityWarnings() gives %s where it is due on the made set, and hardly elsewhere",
  (code) => {
    const { right, given, due } = counts(code);
    expect(right / given).toBeGreaterThanOrEqual(0.95);
    expect(right / due).toBeGreaterThanOrEqual(0.95);
  },
);
