import { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";
import { checkTenantItself } from "./auth/grant_rules.ts";
import { callerOf } from "./auth/require_caller.ts";
import type { Dependencies, GatewayEnv } from "./dependencies.ts";
import type { Operation } from "./openapi/operation.ts";
import { serve } from "./openapi/serve.ts";

const MAX_BODY_BYTES = 4096;

const grantSchema = z
  .strictObject({
    model: z.string(),
    images: z.int().min(0).max(1000).meta({ description: "How many different images it sends." }),
    minutes: z.int().min(1).max(1440),
  })
  .meta({ id: "ClientTokenRequest" });

const clientTokenSchema = z
  .object({ token: z.string(), model: z.string(), images: z.int(), expires_at: z.iso.datetime() })
  .meta({ id: "ClientToken" });

const operation = {
  method: "post",
  path: "/",
  operationId: "createClientToken",
  tag: "Access",
  summary: "A token that a tenant gives to a phone, for one model, some images and some minutes",
  request: { json: grantSchema },
  responses: {
    201: {
      description: "The token, which is kept nowhere.",
      content: { "application/json": { schema: clientTokenSchema } },
    },
  },
  access: "caller",
  errors: ["forbidden", "unknown_model", "body_too_large"],
  errorStyle: "native",
} as const satisfies Operation;

/** `POST /v1/client_tokens`. */
export function clientTokensRoute({ clientTokens, model }: Dependencies): OpenAPIHono<GatewayEnv> {
  const route = new OpenAPIHono<GatewayEnv>();
  serve(
    route,
    operation,
    async ({ json: wanted }, context) => {
      const caller = callerOf(context);
      checkTenantItself(caller.grant);
      await model.require(wanted.model, context.req.raw.signal, context.get("requestId"));
      const { token, grant } = await clientTokens.issue({ ...wanted, tenant: caller.tenant });
      const { images, expiresAt } = grant;
      const body = { token, model: grant.model, images, expires_at: expiresAt.toISOString() };
      return context.json(body, 201, { "cache-control": "no-store" });
    },
    { maxJsonBytes: MAX_BODY_BYTES },
  );
  return route;
}
