import { type DomainCode, DomainError } from "@medv/proto";
import type { OpenAiError, Problem } from "./problem_body.ts";

/** Which of the two error bodies a route speaks. */
export type ProblemStyle = "native" | "openai";

/** The one table: which HTTP status and title a domain error is answered with. */
const PROBLEMS = {
  invalid_request: [400, "Invalid request"],
  unsupported_field: [400, "Unsupported field"],
  invalid_setting: [400, "Invalid setting"],
  invalid_messages: [400, "Invalid messages"],
  context_too_long: [400, "Context too long"],
  unknown_model: [404, "Unknown model"],
  unknown_image: [404, "Unknown image"],
  embedding_not_found: [503, "Embedding not found"],
  embedding_mismatch: [502, "Embedding mismatch"],
  unsupported_image: [415, "Unsupported image"],
  damaged_image: [422, "Damaged image"],
  undecodable_image: [422, "Undecodable image"],
  image_too_large: [413, "Image too large"],
  body_too_large: [413, "Body too large"],
  not_found: [404, "Not found"],
  idempotency_key_reused: [422, "Idempotency key reused"],
  invalid_api_key: [401, "Invalid API key"],
  expired_token: [401, "Expired token"],
  forbidden: [403, "Forbidden"],
  rate_limit_exceeded: [429, "Rate limit exceeded"],
  overloaded: [429, "Overloaded"],
  unavailable: [503, "Unavailable"],
  deadline_exceeded: [504, "Deadline exceeded"],
  cancelled: [499, "Cancelled"],
  internal: [500, "Internal error"],
} as const satisfies Record<DomainCode, readonly [number, string]>;

/**
 * What a caller learns of `error`. Only a {@link DomainError} shows its text: anything else may hold paths or a
 * patient's words.
 */
export function problemOf(error: unknown, requestId: string): Problem {
  const domain = domainErrorOf(error);
  const [status, title] = PROBLEMS[domain.code];
  return {
    type: `urn:medv:problem:${domain.code}`,
    title,
    status,
    detail: domain.message,
    code: domain.code,
    ...(domain.field !== undefined && { field: domain.field }),
    ...(domain.hint !== undefined && { hint: domain.hint }),
    request_id: requestId,
  };
}

/** The same in OpenAI's shape; the hint, which has no place of its own there, follows the message. */
export function openAiErrorOf(problem: Problem): OpenAiError {
  const { detail, hint, status, field, code } = problem;
  return {
    error: {
      message: hint === undefined ? detail : `${detail} (${hint})`,
      type:
        status === 429 ? "rate_limit_error" : status >= 500 ? "api_error" : "invalid_request_error",
      param: field ?? null,
      code,
    },
  };
}

/** The status that errors of this code are answered with. */
export function statusOf(code: DomainCode): number {
  return PROBLEMS[code][0];
}

/** What an error body is served as. */
export const PROBLEM_TYPES = {
  native: "application/problem+json",
  openai: "application/json",
} as const satisfies Record<ProblemStyle, string>;

/** The whole HTTP answer for `error`. */
export function problemResponse(error: unknown, requestId: string, style: ProblemStyle): Response {
  const problem = problemOf(error, requestId);
  const { status } = problem;
  const headers = new Headers({ "content-type": PROBLEM_TYPES[style] });
  if (status === 429 || status === 503) headers.set("retry-after", retryAfter(error));
  if (status === 401) headers.set("www-authenticate", "Bearer");
  const body = style === "openai" ? openAiErrorOf(problem) : problem;
  return new Response(JSON.stringify(body), { status, headers });
}

/** In seconds. */
function retryAfter(error: unknown): string {
  return String((error instanceof DomainError && error.retryAfterSeconds) || 1);
}

function domainErrorOf(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (error instanceof DOMException && error.name === "AbortError") {
    return new DomainError("cancelled", "Cannot finish the request as the caller went away");
  }
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new DomainError("deadline_exceeded", "Cannot finish the request as its time ran out");
  }
  return new DomainError("internal", "Cannot finish the request as of an internal error");
}
