import type { Canvas } from "./canvas.ts";
import type { PhantomImage } from "./phantom.ts";
import type { Random } from "./random.ts";

/** How a scanner or a camera spoils a picture. */
export type Exposure = {
  /** Times the picture is smoothed over 3 by 3 pixels; 0 leaves it sharp. */
  readonly blur: number;
  /** Standard deviation of the noise, in shares of the whole range. */
  readonly noise: number;
  /** 1 leaves the contrast; the middle grey stays. */
  readonly contrast: number;
  /** Added to everything. */
  readonly brightness: number;
  readonly bits: 8 | 16;
};

/** Turns light into numbers: blur, contrast, brightness, noise, rounding. */
export function expose(canvas: Canvas, exposure: Exposure, random: Random): PhantomImage {
  const { width, height, channels } = canvas;
  let light = canvas.pixels;
  for (let pass = 0; pass < exposure.blur; pass++) light = smoothed(light, canvas);
  const most = exposure.bits === 8 ? 255 : 65535;
  const data = exposure.bits === 8 ? new Uint8Array(light.length) : new Uint16Array(light.length);
  for (let index = 0; index < light.length; index++) {
    const value =
      0.5 +
      ((light[index] ?? 0) - 0.5) * exposure.contrast +
      exposure.brightness +
      exposure.noise * fastNormal(random);
    data[index] = Math.round(Math.min(1, Math.max(0, value)) * most);
  }
  return { width, height, channels, data };
}

/** The sum of three uniform numbers: near enough to normal for film grain, at a third of the price. */
function fastNormal(random: Random): number {
  return (random.uniform() + random.uniform() + random.uniform() - 1.5) * 2;
}

/** Weights 1 2 1 along both axes. */
function smoothed(light: Float32Array, { width, height, channels }: Canvas): Float32Array {
  const rows = Array.from({ length: height * channels }, (_, line) => {
    const row = Math.floor(line / channels);
    return row * width * channels + (line % channels);
  });
  const columns = Array.from({ length: width * channels }, (_, column) => column);
  return along(along(light, width, channels, rows), height, width * channels, columns);
}

/** @param lines Where each line of numbers starts. */
function along(
  from: Float32Array,
  length: number,
  step: number,
  lines: readonly number[],
): Float32Array {
  const to = new Float32Array(from.length);
  for (const start of lines) {
    for (let index = 0; index < length; index++) {
      const place = start + index * step;
      const before = from[index === 0 ? place : place - step] ?? 0;
      const after = from[index === length - 1 ? place : place + step] ?? 0;
      to[place] = 0.25 * before + 0.5 * (from[place] ?? 0) + 0.25 * after;
    }
  }
  return to;
}
