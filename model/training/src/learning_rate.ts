/**
 * Rises linearly over the warm-up, then falls along half a cosine to a tenth.
 *
 * @param step From 0.
 */
export function learningRate(
  step: number,
  {
    peak,
    warmup,
    steps,
  }: { readonly peak: number; readonly warmup: number; readonly steps: number },
): number {
  const rise = Math.max(1, Math.round(warmup * steps));
  if (step < rise) return (peak * (step + 1)) / rise;
  const progress = (step - rise) / Math.max(1, steps - rise);
  return peak * (FLOOR + (1 - FLOOR) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}

const FLOOR = 0.1;
