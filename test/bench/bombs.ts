/**
 * How long the answer to each file of the bomb corpus takes, warm, and by how much it raises the gateway's own memory. Exits with 1
 * where an answer takes longer than 300 ms.
 *
 *     node test/bench/bombs.ts
 *
 * @module
 */
import { ImagePreprocessor } from "@medv/gateway/image/image_preprocessor";
import { bombs } from "@medv/gateway/image/testing/bombs";

const LIMITS = { maxImageBytes: 20 << 20, maxImagePixels: 100_000_000 };
const MOST_MS = 300;
const SETTINGS = { imageSize: 384, aspectRatio: "square", gridPinpoints: [] };

const { signal } = new AbortController();
const preprocessor = new ImagePreprocessor({
  processes: 1,
  memoryBytes: 2 ** 31,
  timeoutMs: 10_000,
  queueBytes: 1 << 30,
});
for (const { name, bytes } of await bombs()) {
  const answer = () =>
    preprocessor.preprocess({ bytes, choice: {} }, SETTINGS, LIMITS, signal).then(
      () => "taken",
      ({ code }: { code: string }) => code,
    );
  await answer(); // warms the process up
  const memory = process.memoryUsage.rss();
  const start = performance.now();
  const outcome = await answer();
  const elapsedMs = performance.now() - start;
  if (elapsedMs > MOST_MS) process.exitCode = 1;
  const rise = ((process.memoryUsage.rss() - memory) / 2 ** 20).toFixed(1);
  process.stdout.write(
    `${name.padEnd(44)}${outcome.padEnd(18)}${elapsedMs.toFixed(0)} ms, ${rise} MiB (${bytes.length} bytes)\n`,
  );
}
await preprocessor.close();
