/**
 * How many positions commit at each denoise step of a block: as even as whole numbers allow, the larger ones first.
 *
 * @param masked Mask tokens in the block.
 * @param steps Denoise steps of the block.
 * @returns `[steps]`
 * @throws {RangeError} If `steps` is not a positive integer.
 */
export function transferSchedule(masked: number, steps: number): Uint32Array {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(
      `Cannot schedule a transfer as steps must be an integer >= 1: current value is ${steps}`,
    );
  }
  const base = Math.floor(masked / steps);
  const remainder = masked % steps;
  return Uint32Array.from({ length: steps }, (_, step) => base + (step < remainder ? 1 : 0));
}
