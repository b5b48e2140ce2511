import { DomainError } from "@medv/proto";

/**
 * A number, if it lies in its range.
 *
 * @throws {DomainError} `invalid_setting`.
 */
export function within(field: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most)) {
    throw invalid(field, `Cannot use ${field} ${value} as it must be from ${least} to ${most}`);
  }
  return value;
}

/** Two settings that do not fit together; both are named. */
export function contradiction(field: string, other: string, why: string): DomainError {
  return invalid(
    field,
    `Cannot use ${field} together with ${other} as ${why}`,
    `give ${field} or ${other}`,
  );
}

/** A setting that cannot be used. */
export function invalid(field: string, message: string, hint?: string): DomainError {
  return new DomainError("invalid_setting", message, {
    field: `diffusion.${field}`,
    ...(hint === undefined ? {} : { hint }),
  });
}
