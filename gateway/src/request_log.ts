import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { Dependencies, GatewayEnv } from "./dependencies.ts";
import { NOTICE } from "./notice.ts";
import { problemOf } from "./problem.ts";

const SANE_REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Gives every request its id, every response the id and the notice, and log and metrics its numbers. */
export function requestLog({
  log,
  metrics,
}: Pick<Dependencies, "log" | "metrics">): MiddlewareHandler<GatewayEnv> {
  return async (context, next) => {
    const startMs = performance.now();
    const sent = context.req.header("x-request-id") ?? "";
    const requestId = SANE_REQUEST_ID.test(sent) ? sent : crypto.randomUUID();
    const { method } = context.req;
    context.set("requestId", requestId);
    context.set("numbers", {});
    context.set("endRequest", (error) => {
      const takenMs = performance.now() - startMs;
      const problem = error === undefined ? undefined : problemOf(error, requestId);
      // The pattern, not the path: paths hold ids.
      const route = routePath(context, -1);
      const { status } = context.res;
      metrics.onRequest({ method, route, status, code: problem?.code, seconds: takenMs / 1000 });
      log.info(
        {
          requestId,
          tenant: context.get("caller")?.tenant,
          method,
          route,
          status,
          ...(problem !== undefined && { code: problem.code }),
          elapsedMs: Math.round(takenMs),
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
