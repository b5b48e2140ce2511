import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { GatewayEnv } from "./dependencies.ts";
import type { Log } from "./log.ts";
import { NOTICE } from "./notice.ts";
import { problemOf } from "./problem.ts";

const SANE_REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Gives every request its id, every response the id and the notice, and the log one line of numbers per request. */
export function requestLog(log: Log): MiddlewareHandler<GatewayEnv> {
  return async (context, next) => {
    const startMs = performance.now();
    const sent = context.req.header("x-request-id") ?? "";
    const requestId = SANE_REQUEST_ID.test(sent) ? sent : crypto.randomUUID();
    const { method } = context.req;
    context.set("requestId", requestId);
    context.set("tenantScope", "default");
    context.set("numbers", {});
    context.set("endRequest", (error) => {
      const elapsedMs = Math.round(performance.now() - startMs);
      const problem = error === undefined ? undefined : problemOf(error, requestId);
      // The pattern, not the path: paths hold ids.
      const route = routePath(context, -1);
      log.info(
        {
          requestId,
          method,
          route,
          status: context.res.status,
          ...(problem !== undefined && { code: problem.code }),
          elapsedMs,
          ...context.get("numbers"),
        },
        "request-end",
      );
    });
    await next();
    context.header("x-request-id", requestId);
    context.header("x-medv-notice", NOTICE);
    // A stream's line is written when the stream ends.
    if (context.res.headers.get("content-type")?.startsWith("text/event-stream") === true) return;
    context.get("endRequest")(context.error);
  };
}
