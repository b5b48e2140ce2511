import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";

/** For answers that are no page: nothing in them is loaded, run or framed. A page brings a policy of its own. */
export function apiHeaders(): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    referrerPolicy: "no-referrer",
    xFrameOptions: "DENY",
    // Plain HTTP on loopback is the default, and what stands before a deployed gateway speaks TLS.
    strictTransportSecurity: false,
    overwrite: false,
  });
}
