import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { type EndRequestSpan, inRequestSpan } from "@medv/runtime/tracing/request_span";
import type { Dependencies, GatewayEnv } from "./dependencies.ts";
import { NOTICE } from "./notice.ts";
import { problemOf } from "./problem.ts";

const SANE_REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Gives every request its id, every response the id and the notice, and log, metrics and trace its numbers. */
export function requestLog({
  log,
  metrics,
}: Pick<Dependencies, "log" | "metrics">): MiddlewareHandler<GatewayEnv> {
  const serve = async (...[context, next, endSpan]: Traced): Promise<void> => {
    const startMs = performance.now();
    const sent = context.req.header("x-request-id") ?? "";
    const requestId = SANE_REQUEST_ID.test(sent) ? sent : crypto.randomUUID();
    const method = METHODS.has(context.req.method) ? context.req.method : "other";
    context.set("requestId", requestId);
    context.set("numbers", {});
    context.set("endRequest", (error) => {
      const takenMs = performance.now() - startMs;
      const problem = error === undefined ? undefined : problemOf(error, requestId);
      // The pattern, not the path: paths hold ids.
      const route = routePath(context, -1);
      // A stream that breaks off had begun with 200.
      const status = (context.res.ok ? problem?.status : undefined) ?? context.res.status;
      const ended = { method, route, status, code: problem?.code };
      metrics.onRequest({ ...ended, seconds: takenMs / 1000 });
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
      endSpan(ended);
    });
    await next();
    context.header("x-request-id", requestId);
    context.header("x-medv-notice", NOTICE);
    // A stream's line is written when the stream ends.
    if (context.res.headers.get("content-type")?.startsWith("text/event-stream") === true) return;
    context.get("endRequest")(context.error);
  };
  return (context, next) =>
    // Probes and the page's files would drown what is worth a trace.
    context.req.path.startsWith("/v1/")
      ? inRequestSpan(context.req.raw.headers, (endSpan) => serve(context, next, endSpan))
      : serve(context, next, () => {});
}

type Traced = [...Parameters<MiddlewareHandler<GatewayEnv>>, EndRequestSpan];
