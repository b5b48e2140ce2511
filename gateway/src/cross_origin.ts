import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { type Environment, optionalText } from "@medv/runtime/environment";
import type { Setting } from "@medv/runtime/setting";

const VARIABLE = "MEDV_CORS_ORIGINS";

/** Whose pages may call. */
export const CORS_ORIGINS: Setting<readonly string[]> = {
  variable: VARIABLE,
  unit: "",
  fallback: "",
  meaning:
    "origins between commas, such as https://app.example.org, whose pages may call from a browser; only the gateway's own page without",
  read(env: Environment) {
    const origins = (optionalText(env, VARIABLE) ?? "").split(",").map((each) => each.trim());
    const listed = origins.filter((each) => each !== "");
    for (const each of listed) {
      if (/^https?:/.test(each) && URL.canParse(each) && new URL(each).origin === each) continue;
      throw new RangeError(
        `Cannot read ${VARIABLE} as each must be an origin, such as "https://app.example.org": current value has "${each}"`,
      );
    }
    return listed;
  },
};

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
