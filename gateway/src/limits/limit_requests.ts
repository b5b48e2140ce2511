import type { MiddlewareHandler } from "hono";
import type { GatewayEnv } from "../dependencies.ts";
import type { TenantLimits } from "./tenant_limits.ts";

/** Counts every request of a caller who is known; stands behind what finds that out. */
export function limitRequests(limits: TenantLimits): MiddlewareHandler<GatewayEnv> {
  return async (context, next) => {
    const caller = context.get("caller");
    if (caller !== undefined) await limits.takeRequest(caller.tenantScope);
    await next();
  };
}
