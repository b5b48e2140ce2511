import { DOMAIN_CODES } from "@medv/proto/domain_error";
import { apiKey, nextKey } from "./api_key.ts";
import { type Problem, ProblemError } from "./problem.ts";

const UNAUTHORIZED = 401;

/** What stands before the gateway says so where it does not reach it. */
const NOT_REACHED: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * Calls the gateway with the key that was entered. Where it wants another, the request waits for it and is sent again.
 *
 * @throws {ProblemError} With what the gateway says, or `no_connection`; the signal's reason.
 */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  for (;;) {
    const { key, entered } = apiKey.get();
    const response = await reach(path, withKey(init, key));
    if (response.ok) return response;
    const problem = await read(response);
    if (response.status !== UNAUTHORIZED) throw new ProblemError(problem);
    await nextKey(problem, entered, init.signal);
  }
}

function withKey(init: RequestInit, key: string | undefined): RequestInit {
  if (key === undefined) return init;
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${key}`);
  return { ...init, headers };
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    init.signal?.throwIfAborted();
    throw new ProblemError({ code: "no_connection" }, { cause: error });
  }
}

async function read(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => undefined);
  const problem = problemFrom(body, `status ${response.status}`);
  const isGateways = problem.code !== "unknown_answer";
  return isGateways || !NOT_REACHED.has(response.status)
    ? problem
    : { ...problem, code: "no_connection" };
}

/** The problem in a body or in an error event; OpenAI's shape has it one level deeper. */
export function problemFrom(body: unknown, otherwise: string): Problem {
  const outer = membersOf(body);
  const members = outer["error"] === undefined ? outer : membersOf(outer["error"]);
  const code = DOMAIN_CODES.find((known) => known === members["code"]);
  if (code === undefined) return { code: "unknown_answer", detail: otherwise };
  const text = (name: string): string | undefined => {
    const value = members[name];
    return typeof value === "string" ? value : undefined;
  };
  const [detail, hint] = [text("detail") ?? text("message"), text("hint")];
  const [field, requestId] = [text("field") ?? text("param"), text("request_id")];
  return {
    code,
    ...(detail !== undefined && { detail }),
    ...(hint !== undefined && { hint }),
    ...(field !== undefined && { field }),
    ...(requestId !== undefined && { requestId }),
  };
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
