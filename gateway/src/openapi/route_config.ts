import type { RouteConfig } from "@hono/zod-openapi";
import type { DomainCode } from "@medv/proto";
import { z } from "zod";
import { openAiErrorSchema, problemSchema } from "../problem_body.ts";
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
      const schema = problemOf(ofStatus, style);
      const description = ofStatus.map((code) => `\`${code}\``).join(", ");
      const headers = { ...HEADERS_OF_STATUS[status], ...COMMON_HEADERS };
      return [status, { description, headers, content: { [PROBLEM_TYPES[style]]: { schema } } }];
    }),
  );
}

/** References to the components that `document.ts` registers. */
const header = (name: string) => ({ $ref: `#/components/headers/${name}` });

/** What `request_log.ts` gives every response. */
const COMMON_HEADERS = {
  "x-request-id": header("RequestId"),
  "x-medv-notice": header("Notice"),
};

const HEADERS_OF_STATUS: Readonly<Record<number, Record<string, { $ref: string }>>> = {
  401: { "www-authenticate": header("WwwAuthenticate") },
  429: { "retry-after": header("RetryAfter") },
  503: { "retry-after": header("RetryAfter") },
};

/** As intersections, so that the document names the body once and its codes wherever they differ. */
function problemOf(codes: readonly DomainCode[], style: ProblemStyle): z.ZodType {
  const code = z.enum(codes);
  return style === "native"
    ? z.intersection(problemSchema, z.object({ code }))
    : z.intersection(openAiErrorSchema, z.object({ error: z.object({ code }) }));
}
