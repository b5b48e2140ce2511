/**
 * How long a photo of 12 megapixels takes from file to tiles: the median over several runs, for each format and mode, and
 * how long the event loop was held up meanwhile.
 *
 *     node test/bench/preprocess.ts
 *
 * @module
 */
import { ImagePreprocessor } from "@medv/gateway/image/image_preprocessor";
import { monitorEventLoopDelay } from "node:perf_hooks";
import sharp, { type Sharp } from "sharp";

const WIDTH = 4032;
const HEIGHT = 3024;
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
  });
  const loopDelay = monitorEventLoopDelay({ resolution: 1 });
  const photo = drawPhoto();
  for (const format of ["jpeg", "png", "webp"] as const) {
    const bytes = await photo.clone().toFormat(format).toBuffer();
    for (const aspectRatio of ["square", "pad", "anyres"]) {
      const settings = { imageSize: IMAGE_SIZE, aspectRatio, gridPinpoints: GRID_PINPOINTS };
      const times: number[] = [];
      const { signal } = new AbortController();
      await preprocessor.preprocess({ bytes, choice: {} }, settings, LIMITS, signal); // warms the process up
      loopDelay.reset();
      loopDelay.enable();
      for (let run = 0; run < RUNS; run++) {
        const start = performance.now();
        await preprocessor.preprocess({ bytes, choice: {} }, settings, LIMITS, signal);
        times.push(performance.now() - start);
      }
      loopDelay.disable();
      times.sort((a, b) => a - b);
      print(
        `${format.padEnd(5)}${aspectRatio.padEnd(7)} median ${ms(times[RUNS >> 1])}, best ${ms(times[0])}, worst ${ms(times.at(-1))}, event loop held up by at most ${ms(loopDelay.max / 1e6)}`,
      );
    }
  }
  await preprocessor.close();
}

/** Waves and grain, so that no format finds it easy. */
function drawPhoto(): Sharp {
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  let noise = 1;
  for (let at = 0; at < data.length; at++) {
    noise = (Math.imul(noise, 1664525) + 1013904223) | 0;
    const x = Math.floor(at / 3) % WIDTH;
    data[at] = 128 + 90 * Math.sin(x / 97 + at / 9e6 + (at % 3)) + (noise >>> 28);
  }
  return sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
}

function ms(time: number | undefined): string {
  return `${Math.round(time ?? Number.NaN)} ms`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
