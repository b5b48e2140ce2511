import { type DomainCode, DomainError } from "@medv/proto";
import type { AnswerEvent } from "./answer_event.ts";
import { problemOf } from "./problem.ts";

/** A value in the log of a shared answer. */
export type AnswerValue =
  | { readonly type: "event"; readonly event: AnswerEvent }
  /** A draft that found no room: its number stays. */
  | { readonly type: "left-out" }
  | { readonly type: "end" }
  | {
      readonly type: "error";
      readonly code: DomainCode;
      readonly detail: string;
      readonly field?: string | undefined;
      readonly hint?: string | undefined;
    };

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

export function encodeValue(value: AnswerValue): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** The inverse of {@link encodeValue}. */
export function decodeValue(bytes: Uint8Array): AnswerValue {
  // Behind the seal of a gateway, which wrote just this.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(new TextDecoder().decode(bytes)) as AnswerValue;
}
