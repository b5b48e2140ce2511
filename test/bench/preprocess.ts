/**
 * How long a photo of 12 megapixels, and a CT of 512×512, take from file to tiles: the median over several runs, for each format
 * and mode, and how long the event loop was held up meanwhile.
 *
 *     node test/bench/preprocess.ts
 *
 * @module
 */
import { ImagePreprocessor } from "@medv/gateway/image/image_preprocessor";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { drawCt, drawPhoto } from "./drawn_files.ts";

const RUNS = 7;
const IMAGE_SIZE = 384;
const GRID_PINPOINTS = [1, 2, 3, 4, 5, 6].flatMap((x) =>
  [1, 2, 3, 4, 5, 6].map((y): [number, number] => [x * IMAGE_SIZE, y * IMAGE_SIZE]),
);
const LIMITS = { maxImageBytes: 100e6, maxImagePixels: 100e6 };

await main();

async function main(): Promise<void> {
  const preprocessor = new ImagePreprocessor({
    processes: 1,
    memoryBytes: 2 ** 31,
    timeoutMs: 60_000,
    queueBytes: 1 << 30,
  });
  const photo = drawPhoto();
  for (const format of ["jpeg", "png", "webp"] as const) {
    const bytes = await photo.clone().toFormat(format).toBuffer();
    for (const aspectRatio of ["square", "pad", "anyres"]) {
      await measure(preprocessor, { name: format, bytes, aspectRatio });
    }
  }
  await measure(preprocessor, { name: "dicom", bytes: drawCt(), aspectRatio: "square" });
  await preprocessor.close();
}

async function measure(
  preprocessor: ImagePreprocessor,
  { name, bytes, aspectRatio }: { name: string; bytes: Uint8Array; aspectRatio: string },
): Promise<void> {
  const settings = { imageSize: IMAGE_SIZE, aspectRatio, gridPinpoints: GRID_PINPOINTS };
  const times: number[] = [];
  const { signal } = new AbortController();
  const run = () => preprocessor.preprocess({ bytes, choice: {} }, settings, LIMITS, signal);
  await run(); // warms the process up
  const loopDelay = monitorEventLoopDelay({ resolution: 1 });
  loopDelay.enable();
  for (let each = 0; each < RUNS; each++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  loopDelay.disable();
  times.sort((one, other) => one - other);
  print(
    `${name.padEnd(6)}${aspectRatio.padEnd(7)} median ${ms(times[RUNS >> 1])}, best ${ms(times[0])}, worst ${ms(times.at(-1))}, event loop held up by at most ${ms(loopDelay.max / 1e6)}`,
  );
}

function ms(time: number | undefined): string {
  return `${Math.round(time ?? Number.NaN)} ms`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
