import { DomainError } from "@medv/proto";
import { DOMAIN_CODES } from "@medv/proto/domain_error";
import { z } from "zod";
import { answerEventSchema } from "./answer_event.ts";
import { fromBytes, toBytes } from "./json_bytes.ts";
import { problemOf } from "./problem.ts";

const schema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("event"), event: answerEventSchema }),
  /** A draft that found no room: its number stays. */
  z.object({ type: z.literal("left-out") }),
  z.object({ type: z.literal("end") }),
  z.object({
    type: z.literal("error"),
    code: z.enum(DOMAIN_CODES),
    detail: z.string(),
    field: z.string().optional(),
    hint: z.string().optional(),
  }),
]);

/** A value in the log of a shared answer. */
export type AnswerValue = z.output<typeof schema>;

/** How an answer ended, as a value; of an error what a caller may know. */
export function closingValue(end: { readonly error?: unknown }): AnswerValue {
  if (!("error" in end)) return { type: "end" };
  const { code, detail, field, hint } = problemOf(end.error, "");
  return { type: "error", code, detail, field, hint };
}

/** The error of a value. */
export function errorOf({
  code,
  detail,
  field,
  hint,
}: Extract<AnswerValue, { type: "error" }>): DomainError {
  return new DomainError(code, detail, {
    ...(field !== undefined && { field }),
    ...(hint !== undefined && { hint }),
  });
}

/** A value as it lies in the log. */
export function encodeValue(value: AnswerValue): Uint8Array {
  return toBytes(value);
}

/** The inverse of {@link encodeValue}; undefined where the bytes hold no value, as those of another version may. */
export function decodeValue(bytes: Uint8Array): AnswerValue | undefined {
  return fromBytes(schema, bytes);
}
