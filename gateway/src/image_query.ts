import { DomainError } from "@medv/proto";
import { z } from "zod";
import type { ImageChoice, OwnWindow } from "./image/decoded_image.ts";

const position = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, "it must be an integer >= 1")
  .transform(Number)
  .optional()
  .meta({ type: "integer", minimum: 1, pattern: undefined });

const decimal = z
  .string()
  .regex(/^-?\d{1,9}(\.\d{1,6})?$/, "it must be a decimal number")
  .transform(Number);

/** What may be asked of an image. */
export const imageQuery = z.strictObject({
  from: z.string().optional().meta({
    description:
      "Id of an image that was sent before and is to be shown otherwise, by another frame or through another window; without a body.",
  }),
  frame: position.meta({
    description: "Of a DICOM file, from 1; the middle one where it is not given.",
  }),
  window: position.meta({
    description: "One that a grey DICOM file offers, from 1; the first where it is not given.",
  }),
  center: decimal.optional().meta({
    type: "number",
    pattern: undefined,
    description:
      "With `width`: a window of one's own, of grey DICOM in units of the modality, or of grey of 16 bits.",
  }),
  // DICOM's LINEAR shape spans its width less 1.
  width: decimal
    .refine((value) => value >= 1, "it must be >= 1")
    .optional()
    .meta({ type: "number", minimum: 1, pattern: undefined }),
});

/**
 * The choice of frame and window.
 *
 * @throws {DomainError} `invalid_request`, naming the field.
 */
export function imageChoice(query: z.output<typeof imageQuery>): ImageChoice {
  const { frame, window, center, width } = query;
  const own = ownWindow(center, width);
  if (own !== undefined && window !== undefined) {
    throw unfitting("window", "a window is either the file's or the caller's own");
  }
  const chosen = own ?? window;
  return {
    ...(frame !== undefined && { frame }),
    ...(chosen !== undefined && { window: chosen }),
  };
}

function ownWindow(center?: number, width?: number): OwnWindow | undefined {
  if (center !== undefined && width !== undefined) return { center, width };
  if (center === undefined && width === undefined) return undefined;
  const missing = center === undefined ? "center" : "width";
  throw unfitting(missing, "center and width are a window together");
}

function unfitting(field: string, why: string): DomainError {
  return new DomainError("invalid_request", `Cannot choose a window as ${why}`, { field });
}
