import { z } from "zod";

const NEUTRAL = "x-neutral-only";

/** A field that is known, but taken only with the values that ask for nothing; null does so everywhere. */
export function neutral(...values: readonly z.ZodType[]): z.ZodOptional {
  return z
    .union([...values, z.null()])
    .optional()
    .meta({
      [NEUTRAL]: true,
      description: "Not offered: taken with what asks for nothing, without effect.",
    });
}

/** Whether {@link neutral} made the field. */
export function isNeutral(field: z.ZodType): boolean {
  return field.meta()?.[NEUTRAL] === true;
}
