import { Hono } from "hono";
import { z } from "zod";
import { checkTenantItself } from "./auth/grant_rules.ts";
import { callerOf } from "./auth/require_caller.ts";
import type { Dependencies, GatewayEnv } from "./dependencies.ts";
import { readJson } from "./read_body.ts";
import { parseWith } from "./schema_error.ts";

const MAX_BODY_BYTES = 4096;

const grantSchema = z.strictObject({
  model: z.string(),
  images: z.int().min(0).max(1000),
  minutes: z.int().min(1).max(1440),
});

/** `POST /v1/client_tokens`: a token that a tenant gives to a phone, for one model, some images and some minutes. */
export function clientTokensRoute({ clientTokens, model }: Dependencies): Hono<GatewayEnv> {
  const route = new Hono<GatewayEnv>();
  route.post("/", async (context) => {
    const caller = callerOf(context);
    checkTenantItself(caller.grant);
    const wanted = parseWith(grantSchema, await readJson(context.req.raw, MAX_BODY_BYTES));
    await model.require(wanted.model, context.req.raw.signal, context.get("requestId"));
    const { token, grant } = await clientTokens.issue({ ...wanted, tenant: caller.tenant });
    const { images, expiresAt } = grant;
    const body = { token, model: grant.model, images, expires_at: expiresAt.toISOString() };
    return context.json(body, 201, { "cache-control": "no-store" });
  });
  return route;
}
