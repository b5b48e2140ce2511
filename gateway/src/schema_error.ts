import { DomainError } from "@medv/proto";
import { z } from "zod";
import { isNeutral } from "./neutral_field.ts";

/**
 * Validates `value`.
 *
 * @throws {DomainError} `invalid_request` that names the first offending field by its path, the rule, and a number that
 * breaks it, never a text; `unsupported_field` for a neutral field.
 */
export function parseWith<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const [first] = result.error.issues;
  if (first === undefined) throw new TypeError("Cannot explain the failure as there is no issue");
  const issue = innermost(first);
  const isUnknown = issue.code === "unrecognized_keys";
  if (isNeutralAt(schema, issue.path)) throw unsupported(pathOf(issue.path.slice(0, 1)));
  const field = pathOf(isUnknown ? [...issue.path, issue.keys[0] ?? ""] : issue.path);
  const named = field === "" ? "it" : `"${field}"`;
  throw new DomainError(
    "invalid_request",
    isUnknown
      ? `Cannot read the request as "${field}" is not a known field`
      : `Cannot read the request as ${named} is invalid: ${ruleOf(issue)}${stateOf(issue)}`,
    field === "" ? {} : { field },
  );
}

function isNeutralAt(schema: z.ZodType, [name]: readonly PropertyKey[]): boolean {
  const field = schema instanceof z.ZodObject ? schema.shape[String(name)] : undefined;
  return field instanceof z.ZodType && isNeutral(field);
}

function unsupported(field: string): DomainError {
  const hint = "leave it out";
  const text = `Cannot answer as "${field}" is not supported`;
  return new DomainError("unsupported_field", text, { field, hint });
}

type Issue = z.core.$ZodIssue;

/** Of a union, the issue of the branch that the value is meant for: it fails further in, or not by its type. */
function innermost(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const branch = issue.errors.find(
    ([first]) => first !== undefined && (first.path.length > 0 || first.code !== "invalid_type"),
  );
  const [inner] = branch ?? [];
  if (inner === undefined) return issue;
  return innermost({ ...inner, path: [...issue.path, ...inner.path] });
}

function ruleOf(issue: Issue): string {
  if (issue.code !== "invalid_union") return issue.message;
  const types = issue.errors.flatMap(([first]): unknown[] =>
    first?.code === "invalid_type" ? [first.expected] : [],
  );
  const names = ("options" in issue && issue.options) || types;
  return `${issue.message}: expected ${names.map(String).join(" or ")}`;
}

/** The value where it is a number; a text may be a prompt. */
function stateOf({ input }: Issue): string {
  return typeof input === "number" ? `, it is ${input}` : "";
}

/** `["messages", 0, "content"]` as `messages[0].content`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}
