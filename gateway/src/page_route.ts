import { Hono } from "hono";
import { etag } from "hono/etag";
import { secureHeaders } from "hono/secure-headers";
import type { Dependencies, GatewayEnv } from "./dependencies.ts";

/** Nothing but the page's own files is loaded or run; `blob:` images are the ones that a person chose. */
const CONTENT_SECURITY_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", "blob:"],
  connectSrc: ["'self'"],
  manifestSrc: ["'self'"],
  workerSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** The page at `/` and the files that it needs. */
export function pageRoute({ page }: Dependencies): Hono<GatewayEnv> {
  const route = new Hono<GatewayEnv>();
  for (const [path, { bytes, contentType }] of page) {
    route.get(
      pagePath(path),
      secureHeaders({
        contentSecurityPolicy: CONTENT_SECURITY_POLICY,
        referrerPolicy: "no-referrer",
        strictTransportSecurity: false, // as for all else
      }),
      etag(),
      (context) =>
        context.body(bytes, 200, {
          "content-type": contentType,
          // Vite puts a digest into the names below assets/.
          "cache-control": path.startsWith("/assets/")
            ? "public, max-age=31536000, immutable"
            : "no-cache",
        }),
    );
  }
  return route;
}

/** Where a file of the page is served. */
export function pagePath(path: string): string {
  return path === "/index.html" ? "/" : path;
}
