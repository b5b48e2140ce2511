// Numeric inner loops: `!` stands where `noUncheckedIndexedAccess` would cost a branch per tap.
import type { RgbImage } from "./rgb_image.ts";

/**
 * Resizes to exactly `width` × `height` as Pillow's 8-bit `Image.resize(size, BICUBIC)` does, bit for bit.
 *
 * Two passes, along rows and then along columns, each rounded to 8 bits; a pass whose side keeps its length is left out.
 * The kernel is widened when shrinking (antialiasing) and cut at the borders. (Later Pillows may run the passes in the other order, which rounds otherwise.)
 *
 * @param image `[image.height, image.width, 3]`
 * @param width Wanted width in pixels.
 * @param height Wanted height in pixels.
 * @returns `[height, width, 3]`; `image` itself when the size is the same.
 * @throws {RangeError} If a side is not a positive integer, or `image.data` is not as long as its size says.
 * @see {@link https://github.com/python-pillow/Pillow/blob/9.4.0/src/libImaging/Resample.c | Pillow's Resample.c}
 */
export function resizeBicubic(image: RgbImage, width: number, height: number): RgbImage {
  for (const side of [image.width, image.height, width, height]) {
    if (!Number.isSafeInteger(side) || side < 1) {
      throw new RangeError(`Cannot resize as sides must be integers >= 1: one is ${side}`);
    }
  }
  const bytes = image.width * image.height * 3;
  if (image.data.length !== bytes) {
    throw new RangeError(
      `Cannot resize as ${image.width}×${image.height} RGB takes ${bytes} bytes: there are ${image.data.length}`,
    );
  }
  return resizeColumns(resizeRows(image, width), height);
}

/** Which input pixels each output pixel is the weighted sum of, along one side. */
type Taps = {
  /** First input pixel of each output pixel, `[outputs]`. */
  readonly first: Int32Array;
  /** How many input pixels each output pixel reads, `[outputs]`. */
  readonly count: Int32Array;
  /** Weights in units of 2^-22, `[outputs, stride]`. */
  readonly weights: Int32Array;
  readonly stride: number;
};

/** Fractional bits of a weight. */
const WEIGHT_BITS = 22;
// A sum fits 32 bits: weights add up to 1 and the negative lobes hold less than a quarter, so |sum| < 1.25 · 255 · 2^22.
const ROUND_HALF = 1 << (WEIGHT_BITS - 1);

function resizeRows(image: RgbImage, width: number): RgbImage {
  if (width === image.width) return image;
  const { first, count, weights, stride } = bicubicTaps(image.width, width);
  const from = image.data;
  const to = new Uint8ClampedArray(width * image.height * 3); // clamps to 0 … 255 on store
  let out = 0;
  for (let y = 0; y < image.height; y++) {
    const row = y * image.width * 3;
    for (let x = 0; x < width; x++) {
      let red = ROUND_HALF;
      let green = ROUND_HALF;
      let blue = ROUND_HALF;
      let at = row + first[x]! * 3;
      const start = x * stride;
      const end = start + count[x]!;
      for (let k = start; k < end; k++) {
        const weight = weights[k]!;
        red = (red + Math.imul(weight, from[at]!)) | 0;
        green = (green + Math.imul(weight, from[at + 1]!)) | 0;
        blue = (blue + Math.imul(weight, from[at + 2]!)) | 0;
        at += 3;
      }
      to[out] = red >> WEIGHT_BITS;
      to[out + 1] = green >> WEIGHT_BITS;
      to[out + 2] = blue >> WEIGHT_BITS;
      out += 3;
    }
  }
  return { data: new Uint8Array(to.buffer), width, height: image.height };
}

function resizeColumns(image: RgbImage, height: number): RgbImage {
  if (height === image.height) return image;
  const { first, count, weights, stride } = bicubicTaps(image.height, height);
  const from = image.data;
  const rowBytes = image.width * 3;
  const to = new Uint8ClampedArray(rowBytes * height);
  const sums = new Int32Array(rowBytes);
  for (let y = 0; y < height; y++) {
    sums.fill(ROUND_HALF);
    let at = first[y]! * rowBytes;
    let k = y * stride;
    const end = k + count[y]!;
    // Four input rows at a time: memory is read in its order and the sums are stored a quarter as often.
    for (; k + 4 <= end; k += 4, at += 4 * rowBytes) {
      const weight0 = weights[k]!;
      const weight1 = weights[k + 1]!;
      const weight2 = weights[k + 2]!;
      const weight3 = weights[k + 3]!;
      const at1 = at + rowBytes;
      const at2 = at1 + rowBytes;
      const at3 = at2 + rowBytes;
      for (let x = 0; x < rowBytes; x++) {
        sums[x] =
          (sums[x]! +
            Math.imul(weight0, from[at + x]!) +
            Math.imul(weight1, from[at1 + x]!) +
            Math.imul(weight2, from[at2 + x]!) +
            Math.imul(weight3, from[at3 + x]!)) |
          0;
      }
    }
    for (; k < end; k++, at += rowBytes) {
      const weight = weights[k]!;
      for (let x = 0; x < rowBytes; x++) {
        sums[x] = (sums[x]! + Math.imul(weight, from[at + x]!)) | 0;
      }
    }
    const out = y * rowBytes;
    for (let x = 0; x < rowBytes; x++) to[out + x] = sums[x]! >> WEIGHT_BITS;
  }
  return { data: new Uint8Array(to.buffer), width: image.width, height };
}

function bicubicTaps(inputs: number, outputs: number): Taps {
  const scale = inputs / outputs;
  const filterScale = Math.max(scale, 1); // the kernel is widened only when shrinking
  const support = 2 * filterScale; // input pixels on either side
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outputs);
  const count = new Int32Array(outputs);
  const weights = new Int32Array(outputs * stride);
  const exact = new Float64Array(stride);
  for (let i = 0; i < outputs; i++) {
    const centre = (i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const high = Math.min(inputs, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let k = 0; k < high - low; k++) {
      // A product with the reciprocal, as Pillow has it: a division may differ in the last bit.
      const weight = bicubicKernel((k + low - centre + 0.5) * (1 / filterScale));
      exact[k] = weight;
      sum += weight;
    }
    for (let k = 0; k < high - low; k++) {
      const weight = (exact[k]! / sum) * (1 << WEIGHT_BITS);
      weights[i * stride + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5); // half away from zero
    }
    first[i] = low;
    count[i] = high - low;
  }
  return { first, count, weights, stride };
}

/** The cubic convolution kernel with a = −0.5. */
function bicubicKernel(x: number): number {
  const a = -0.5;
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}
