/** What Welch's t-test says of two samples. */
export type Welch = {
  readonly t: number;
  readonly degreesOfFreedom: number;
  /** How likely so large a difference of means is where there is none, in either direction. */
  readonly p: number;
};

/**
 * Whether the means of two samples differ, also where their variances do.
 *
 * @throws {RangeError} If one has fewer than two values.
 * @see {@link https://doi.org/10.1093/biomet/34.1-2.28 | Welch 1947}
 */
export function welch(left: readonly number[], right: readonly number[]): Welch {
  const [one, two] = [meanOf(left), meanOf(right)];
  const variance = one.variance + two.variance;
  const t = (one.mean - two.mean) / Math.sqrt(variance);
  const degreesOfFreedom =
    variance ** 2 /
    (one.variance ** 2 / (left.length - 1) + two.variance ** 2 / (right.length - 1));
  return { t, degreesOfFreedom, p: tailsBeyond(Math.abs(t), degreesOfFreedom) };
}

/** The mean, and its own variance. */
function meanOf(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const { length } = values;
  if (length < 2) {
    throw new RangeError(`Cannot compare means as a sample must have two values: it has ${length}`);
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / (length - 1) / length };
}

/** Both tails of Student's distribution: with t = √ν tan θ its density is that of cos^(ν − 1) θ. */
function tailsBeyond(t: number, degreesOfFreedom: number): number {
  const density = (angle: number): number => Math.cos(angle) ** (degreesOfFreedom - 1);
  const from = Math.atan(t / Math.sqrt(degreesOfFreedom));
  return integral(density, from, Math.PI / 2) / integral(density, 0, Math.PI / 2);
}

/** By Simpson's rule. */
function integral(of: (x: number) => number, from: number, to: number): number {
  const intervals = 10_000;
  const width = (to - from) / intervals;
  let sum = of(from) + of(to);
  for (let index = 1; index < intervals; index++) {
    sum += (index % 2 === 1 ? 4 : 2) * of(from + index * width);
  }
  return (sum * width) / 3;
}
