import type { OpenAPIHono } from "@hono/zod-openapi";
import type { GatewayEnv } from "../dependencies.ts";

/** The OpenAPI document of a gateway. */
export type ApiDocument = ReturnType<OpenAPIHono<GatewayEnv>["getOpenAPI31Document"]>;

/** The document of everything that `app` serves by now. */
export function documentOf(app: OpenAPIHono<GatewayEnv>): ApiDocument {
  const { openAPIRegistry: registry } = app;
  registry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description:
      "An API key, a JSON Web Token or a client token; a gateway without keys, which listens on loopback only, wants none.",
  });
  registry.registerComponent("headers", "RequestId", {
    description: "Also in the log: the caller's own `x-request-id` where it is a plain name.",
    schema: { type: "string" },
  });
  registry.registerComponent("headers", "Notice", {
    description: "That this is a research tool.",
    schema: { $ref: "#/components/schemas/Notice" },
  });
  registry.registerComponent("headers", "RetryAfter", {
    description: "Seconds after which the same request may succeed.",
    schema: { type: "integer", minimum: 1 },
  });
  registry.registerComponent("headers", "WwwAuthenticate", { schema: { const: "Bearer" } });
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "LLaDA-MedV",
      version: "1",
      description:
        "Answers to questions about biomedical images, by diffusion. A research tool, not for clinical use. Bodies may come with `Content-Encoding: gzip`. Unknown fields are refused by name. Errors have a stable `code`.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
  });
}
