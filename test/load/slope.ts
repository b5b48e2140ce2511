/** How much values that were taken `everyMs` rise in a minute, by least squares. */
export function slope(values: readonly number[], everyMs: number): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [over, under] = values.reduce(
    ([rise, run], value, index) => [
      rise + (index - middle) * (value - mean),
      run + (index - middle) ** 2,
    ],
    [0, 0],
  );
  return (over / under) * (60_000 / everyMs);
}
