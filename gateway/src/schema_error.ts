import { DomainError } from "@medv/proto";
import type { z } from "zod";

/**
 * Validates `value`.
 *
 * @throws {DomainError} `invalid_request` that names the first offending field by its path, never its value.
 */
export function parseWith<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue === undefined) throw new TypeError("Cannot explain the failure as there is no issue");
  const isUnknown = issue.code === "unrecognized_keys";
  const field = pathOf(isUnknown ? [...issue.path, issue.keys[0] ?? ""] : issue.path);
  throw new DomainError(
    "invalid_request",
    isUnknown
      ? `Cannot read the request as "${field}" is not a known field`
      : `Cannot read the request as "${field}" is invalid: ${issue.message}`,
    { field },
  );
}

/** `["messages", 0, "content"]` as `messages[0].content`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}
