import { OpenAPIHono } from "@hono/zod-openapi";
import { etag } from "hono/etag";
import { secureHeaders } from "hono/secure-headers";
import { z } from "zod";
import type { GatewayEnv } from "../dependencies.ts";
import { type ApiDocument, documentOf } from "./document.ts";
import { docsPage } from "./docs_page.ts";
import { DOCS_STYLE } from "./docs_style.ts";
import type { Operation } from "./operation.ts";
import { serve } from "./serve.ts";

/** What anybody may read of the API. */
export const DOCUMENT_PATHS = ["/openapi.json", "/docs", "/docs/style.css"] as const;

const documentSchema = z.object({ openapi: z.string() });

const operation = {
  method: "get",
  path: "/openapi.json",
  operationId: "readDocument",
  tag: "Document",
  summary: "This document",
  responses: {
    200: {
      description: "OpenAPI 3.1.",
      content: { "application/json": { schema: documentSchema } },
    },
  },
  access: "anybody",
  errors: [],
  errorStyle: "native",
} as const satisfies Operation;

/** `/openapi.json`, the document of all that `app` serves, and `/docs`, the same as a page. */
export function documentRoute(app: OpenAPIHono<GatewayEnv>): OpenAPIHono<GatewayEnv> {
  const route = new OpenAPIHono<GatewayEnv>();
  let kept: ApiDocument | undefined;
  // At the first request every route is there.
  const document = (): ApiDocument => (kept ??= documentOf(app));
  for (const path of DOCUMENT_PATHS) route.use(path, etag());
  serve(route, operation, (_, context) =>
    context.json(document(), 200, { "cache-control": "no-cache" }),
  );
  const policy = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: "no-referrer",
    // As for the page: what stands before a deployed gateway speaks TLS.
    strictTransportSecurity: false,
  });
  route.get("/docs", policy, (context) => context.html(docsPage(document())));
  route.get("/docs/style.css", policy, (context) =>
    context.body(DOCS_STYLE, 200, { "content-type": "text/css; charset=utf-8" }),
  );
  return route;
}
