import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

/** Lets pages of these origins call. Keys come in a header, so no cookies are let through. */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler {
  return cors({
    origin: [...origins],
    allowMethods: ["GET", "HEAD", "POST", "DELETE"],
    allowHeaders: [
      "authorization",
      "content-type",
      "idempotency-key",
      "last-event-id",
      "x-request-id",
    ],
    exposeHeaders: ["retry-after", "x-medv-notice", "x-request-id"],
    maxAge: 600,
  });
}
