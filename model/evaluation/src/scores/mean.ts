/** The mean in percent; undefined where nothing was measured. */
export function meanPercent(values: readonly number[]): number | undefined {
  const value = mean(values);
  return value === undefined ? undefined : 100 * value;
}

/** The mean; undefined where nothing was measured. */
export function mean(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
