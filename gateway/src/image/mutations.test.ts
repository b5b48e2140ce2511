import { assert, asyncProperty, property, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import { decodeImage } from "./decode_image.ts";
import { imageFormat } from "./image_format.ts";
import { changes, mutated } from "./testing/mutation.ts";
import { seeds } from "./testing/seeds.ts";

const LIMITS = { maxImageBytes: 1e6, maxImagePixels: 1e6 };
const SEEDS = seeds();

test.each(SEEDS.map(({ name, bytes }) => ({ name, bytes })))(
  "decodeImage() answers a changed $name with its pixels or a clear error",
  async ({ bytes }) => {
    await assert(
      asyncProperty(changes, async (each) => {
        const outcome = await decodeImage(mutated(bytes, each), LIMITS).then(
          ({ data, width, height }) =>
            data.length === width * height * 3 ? "pixels" : "no pixels",
          sayingOf,
        );
        expect(outcome).toMatch(
          /^(?:pixels|(?:unsupported_image|damaged_image|image_too_large): Cannot .+ as .+)$/,
        );
      }),
      { numRuns: 40, seed: 1 },
    );
  },
  120_000,
);

test("imageFormat() names any bytes or refuses them", () => {
  assert(
    property(uint8Array({ maxLength: 400 }), (bytes) => {
      expect(formatOf(bytes)).toMatch(/^(?:[a-z]+|unsupported_image: Cannot .+ as .+)$/);
    }),
    { numRuns: 500, seed: 1 },
  );
});

function formatOf(bytes: Uint8Array): string {
  try {
    return imageFormat(bytes);
  } catch (error) {
    return sayingOf(error);
  }
}

function sayingOf(error: unknown): string {
  return error instanceof Error && "code" in error
    ? `${String(error.code)}: ${error.message}`
    : String(error);
}
