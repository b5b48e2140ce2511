import { DomainError } from "@medv/proto";
import type { Context, MiddlewareHandler } from "hono";
import type { GatewayEnv } from "../dependencies.ts";
import type { Authenticate } from "./authenticate.ts";
import type { Caller } from "./caller.ts";

/** What anybody may read: it holds nothing of anybody's. */
export const HEALTH_PATHS = ["/healthz", "/readyz"] as const;

/**
 * Lets nothing through from somebody who is not known, routes that do not exist included, but reading `openPaths`.
 *
 * @param openPaths Whole paths.
 */
export function requireCaller(
  authenticate: Authenticate,
  openPaths: ReadonlySet<string>,
): MiddlewareHandler<GatewayEnv> {
  return async (context, next) => {
    const { method, path } = context.req;
    const isOpen = (method === "GET" || method === "HEAD") && openPaths.has(path);
    if (!isOpen) {
      context.set("caller", await authenticate(bearerOf(context.req.header("authorization"))));
    }
    await next();
  };
}

/** Who sent a request that {@link requireCaller} let through. */
export function callerOf(context: Context<GatewayEnv>): Caller {
  const caller = context.get("caller");
  if (caller !== undefined) return caller;
  throw new DomainError("internal", "Cannot serve the request as its caller was not asked for");
}

/** The token of an `Authorization: Bearer` header. */
function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1];
}
