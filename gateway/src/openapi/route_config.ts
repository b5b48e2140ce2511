import type { RouteConfig } from "@hono/zod-openapi";
import type { DomainCode } from "@medv/proto";
import { PROBLEM_TYPES, type ProblemStyle, statusOf } from "../problem.ts";
import { COMMON_ERRORS, type Operation } from "./operation.ts";

/** An operation as the document has it. */
export function routeConfigOf(operation: Operation): RouteConfig {
  const { method, path, operationId, tag, summary, description, access } = operation;
  const { request = {}, responses, errors, errorStyle } = operation;
  const { params, query, headers, json, body } = request;
  const content = json && { "application/json": { schema: json } };
  const wanted = content === undefined ? body : { content, required: true };
  return {
    method,
    path: path.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, "{$1}"),
    operationId,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: access === "caller" ? [{ bearer: [] }] : [],
    request: {
      ...(params && { params }),
      ...(query && { query }),
      ...(headers && { headers }),
      ...(wanted && { body: wanted }),
    },
    responses: {
      ...successes(responses),
      ...problemResponses([...new Set([...COMMON_ERRORS[access], ...errors])], errorStyle),
    },
  };
}

function successes(responses: RouteConfig["responses"]): RouteConfig["responses"] {
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      { ...response, headers: COMMON_HEADERS },
    ]),
  );
}

/** The errors by their status, each with the codes that it may have. */
function problemResponses(
  codes: readonly DomainCode[],
  style: ProblemStyle,
): RouteConfig["responses"] {
  const statuses = [...new Set(codes.map(statusOf))];
  return Object.fromEntries(
    statuses.map((status) => {
      const ofStatus = codes.filter((code) => statusOf(code) === status);
      const schema = style === "native" ? nativeProblem(ofStatus) : openAiProblem(ofStatus);
      const description = ofStatus.map((code) => `\`${code}\``).join(", ");
      const headers = { ...HEADERS_OF_STATUS[status], ...COMMON_HEADERS };
      return [status, { description, headers, content: { [PROBLEM_TYPES[style]]: { schema } } }];
    }),
  );
}

/** References to the components that `document.ts` registers. */
const reference = (section: string, name: string) => ({ $ref: `#/components/${section}/${name}` });

/** What `request_log.ts` gives every response. */
const COMMON_HEADERS = {
  "x-request-id": reference("headers", "RequestId"),
  "x-medv-notice": reference("headers", "Notice"),
};

const HEADERS_OF_STATUS: Readonly<Record<number, Record<string, { $ref: string }>>> = {
  401: { "www-authenticate": reference("headers", "WwwAuthenticate") },
  429: { "retry-after": reference("headers", "RetryAfter") },
  503: { "retry-after": reference("headers", "RetryAfter") },
};

function nativeProblem(codes: readonly DomainCode[]) {
  const narrowed = { type: "object" as const, properties: { code: { enum: [...codes] } } };
  return { allOf: [reference("schemas", "Problem"), narrowed] };
}

function openAiProblem(codes: readonly DomainCode[]) {
  const error = { type: "object" as const, properties: { code: { enum: [...codes] } } };
  const narrowed = { type: "object" as const, properties: { error } };
  return { allOf: [reference("schemas", "OpenAiError"), narrowed] };
}
