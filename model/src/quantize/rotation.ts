/** Widest group of channels that are turned together. */
const WIDEST = 32;

/**
 * How many neighbouring channels are turned into each other: the largest power of two, at most 32, that divides `size`.
 *
 * Wider groups spread an outlier further but cost more: at 32 the turn takes about 2 % of an int8 layer's time.
 */
export function rotationWidth(size: number): number {
  return Math.min(WIDEST, size & -size);
}

/**
 * Turns every group of channels by a Hadamard matrix with seeded signs, in place. A turn on both sides of a product
 * leaves it as it is, but an outlier channel comes out spread over its whole group, so that 8 bits hold its neighbours
 * too. The signs keep channels of one sign from adding up to a new outlier.
 *
 * @param row `[channels]`, a multiple of `width`.
 * @see {@link https://arxiv.org/abs/2404.00456 | Ashkboos et al. 2024}, §3
 */
export function rotate(row: Float32Array, width: number): void {
  const scale = 1 / Math.sqrt(width);
  // Indices run within the row.
  for (let at = 0; at < row.length; at++) row[at]! *= scale * sign(at % width);
  for (let half = 1; half < width; half *= 2) {
    for (let start = 0; start < row.length; start += 2 * half) {
      for (let at = start; at < start + half; at++) {
        const [left, right] = [row[at]!, row[at + half]!];
        row[at] = left + right;
        row[at + half] = left - right;
      }
    }
  }
}

/** The turn as a matrix `[width, width]`: `row · matrix` is `rotate(row)`. */
export function rotationMatrix(width: number): Float32Array {
  const matrix = new Float32Array(width * width);
  for (let channel = 0; channel < width; channel++) {
    matrix[channel * width + channel] = 1;
    rotate(matrix.subarray(channel * width, (channel + 1) * width), width);
  }
  return matrix;
}

/** +1 or -1, fixed for ever: weights on disk are turned by it. */
function sign(channel: number): number {
  return (SIGNS >>> channel) & 1 ? -1 : 1;
}

const SIGNS = 0x9a3c65d2;
