// Numeric inner loops: `!` stands where `noUncheckedIndexedAccess` would cost a branch per tap.

/** Eight-bit RGB pixels, row by row, three bytes a pixel: `[height, width, 3]`. */
export type RgbPixels = {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
};

/** Which source pixels each output pixel is the weighted sum of, along one axis. */
type Taps = {
  /** First source pixel of each output pixel, `[outputs]`. */
  readonly first: Int32Array;
  /** How many source pixels each output pixel reads, `[outputs]`. */
  readonly count: Int32Array;
  /** Weights in units of 2^-22, `[outputs, stride]`. */
  readonly weights: Int32Array;
  readonly stride: number;
};

/** Fractional bits of a weight. Positive weights sum to less than 1.3, so 255 · 1.3 · 2^22 stays within 32 bits. */
const WEIGHT_BITS = 22;
const ROUND_HALF = 1 << (WEIGHT_BITS - 1);

/**
 * Resizes to exactly `width` × `height` as Pillow's 8-bit `Image.resize(size, BICUBIC)` does, bit for bit.
 *
 * Two passes, along rows and then along columns, each rounded to 8 bits; a pass whose axis keeps its
 * length is left out. The kernel is widened when shrinking (antialiasing) and cut at the borders.
 *
 * @param source `[height, width, 3]`
 * @returns `[height, width, 3]` of the new size; `source.data` itself when the size is the same.
 * @throws {RangeError} If a length is not a positive integer, or `source.data` is not as long as its size says.
 * @see Pillow 9.4, `src/libImaging/Resample.c`
 */
export function resizeBicubic(source: RgbPixels, width: number, height: number): RgbPixels {
  assertLength("width", width);
  assertLength("height", height);
  assertPixels(source);
  const rows = resampleRows(source, width);
  return resampleColumns(rows, height);
}

/**
 * Checks that pixels are as many as their size says.
 *
 * @throws {RangeError} If they are not, or a side is not a positive integer.
 */
export function assertPixels({ data, width, height }: RgbPixels): void {
  assertLength("source width", width);
  assertLength("source height", height);
  if (data.length !== width * height * 3) {
    throw new RangeError(
      `Cannot read pixels as ${width}x${height} RGB takes ${width * height * 3} bytes: there are ${data.length}`,
    );
  }
}

function assertLength(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(
      `Cannot resize as ${name} must be an integer >= 1: current value is ${value}`,
    );
  }
}

function resampleRows(source: RgbPixels, width: number): RgbPixels {
  if (width === source.width) return source;
  const { first, count, weights, stride } = bicubicTaps(source.width, width);
  const from = source.data;
  const to = new Uint8ClampedArray(width * source.height * 3); // clamps to 0 … 255 on store
  let out = 0;
  for (let y = 0; y < source.height; y++) {
    const row = y * source.width * 3;
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
  return { data: to, width, height: source.height };
}

function resampleColumns(source: RgbPixels, height: number): RgbPixels {
  if (height === source.height) return source;
  const { first, count, weights, stride } = bicubicTaps(source.height, height);
  const from = source.data;
  const rowBytes = source.width * 3;
  const to = new Uint8ClampedArray(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const top = first[y]! * rowBytes;
    const start = y * stride;
    const end = start + count[y]!;
    const out = y * rowBytes;
    for (let x = 0; x < rowBytes; x++) {
      let sum = ROUND_HALF;
      let at = top + x;
      for (let k = start; k < end; k++) {
        sum = (sum + Math.imul(weights[k]!, from[at]!)) | 0;
        at += rowBytes;
      }
      to[out + x] = sum >> WEIGHT_BITS;
    }
  }
  return { data: to, width: source.width, height };
}

function bicubicTaps(inputs: number, outputs: number): Taps {
  const scale = inputs / outputs;
  const filterScale = Math.max(scale, 1); // the kernel is widened only when shrinking
  const support = 2 * filterScale; // source pixels on either side
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
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}
