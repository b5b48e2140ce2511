/**
 * Changes the seed files again and again and decodes them as the gateway does, in processes with limits, until the time is over.
 * Anything but pixels or a clear error is printed with what makes it again, and so is each file that crashed its process or took
 * longer than two seconds; any of them makes the exit code 1.
 *
 *     npm run fuzz -- [minutes] [seed]
 *
 * @module
 */
import { ImagePreprocessor } from "@medv/gateway/image/image_preprocessor";
import { changes, mutated } from "@medv/gateway/image/testing/mutation";
import { seeds } from "@medv/gateway/image/testing/seeds";
import { sample } from "fast-check";
import process from "node:process";

const CLEAR = new Set(["unsupported_image", "damaged_image", "image_too_large"]);
const LIMITS = { maxImageBytes: 1e6, maxImagePixels: 4e6 };
const SETTINGS = { imageSize: 32, aspectRatio: "square", gridPinpoints: [] };
const BATCH = 100;

const minutes = Number(process.argv[2] ?? 10);
const firstSeed = Number(process.argv[3] ?? Date.now() % 1e6);
const until = Date.now() + minutes * 60_000;
const preprocessor = new ImagePreprocessor({
  processes: 2,
  memoryBytes: 2 ** 31,
  timeoutMs: 2000,
  queueBytes: 1 << 30,
});
const { signal } = new AbortController();
const corpus = seeds();
const tally = new Map<string, number>();
let failures = 0;

for (let round = 0; Date.now() < until; round++) {
  const file = corpus[round % corpus.length];
  if (file === undefined) break;
  const seed = firstSeed + round;
  const batch = sample(changes, { numRuns: BATCH, seed });
  await Promise.all(
    batch.map(async (each, index) => {
      const bytes = mutated(file.bytes, each);
      const decode = (): Promise<string> =>
        preprocessor
          .preprocess({ bytes, choice: {} }, SETTINGS, LIMITS, signal)
          .then(() => "pixels", codeOf);
      // The first file of a kind may have waited for its codec to start.
      let outcome = await decode();
      if (outcome === "undecodable_image") outcome = await decode();
      tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
      if (outcome === "pixels" || CLEAR.has(outcome)) return;
      failures++;
      process.stdout.write(`${outcome}: ${file.name}, seed ${seed}, change ${index}\n`);
    }),
  );
}
await preprocessor.close();
for (const [outcome, count] of tally) process.stdout.write(`${outcome} ${count}\n`);
process.exitCode = failures > 0 ? 1 : 0;

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
