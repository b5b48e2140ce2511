import { OpenAPIHono } from "@hono/zod-openapi";
import { DomainError } from "@medv/proto";
import { z } from "zod";
import type { Dependencies, GatewayEnv } from "./dependencies.ts";
import type { Operation } from "./openapi/operation.ts";
import { serve } from "./openapi/serve.ts";
import type { Services } from "./services.ts";

const liveOperation = {
  method: "get",
  path: "/healthz",
  operationId: "isAlive",
  tag: "Health",
  summary: "Whether the process lives",
  responses: statusResponse("alive"),
  access: "anybody",
  errors: [],
  errorStyle: "native",
} as const satisfies Operation;

const readyOperation = {
  method: "get",
  path: "/readyz",
  operationId: "isReady",
  tag: "Health",
  summary: "Whether both services take calls",
  responses: statusResponse("ready"),
  access: "anybody",
  errors: ["unavailable"],
  errorStyle: "native",
} as const satisfies Operation;

/** `/healthz` (the process lives) and `/readyz` (both services take calls). */
export function healthRoute({ model, services }: Dependencies): OpenAPIHono<GatewayEnv> {
  const route = new OpenAPIHono<GatewayEnv>();
  serve(route, liveOperation, (_, context) => context.json({ status: "alive" }, 200));
  serve(route, readyOperation, async (_, context) => {
    const { signal } = context.req.raw;
    await Promise.all([
      named("diffusion", model.refresh(signal)),
      named("vision", probeVision(services.vision, signal)),
    ]);
    return context.json({ status: "ready" }, 200);
  });
  return route;
}

function statusResponse<const S extends string>(status: S) {
  const schema = z.object({ status: z.literal(status) });
  return { 200: { description: "It is.", content: { "application/json": { schema } } } } as const;
}

/** Asks for an embedding that cannot be there: a service that takes calls says just that. */
async function probeVision(vision: Services["vision"], signal: AbortSignal): Promise<void> {
  const request = { digest: "0".repeat(64), tenantScope: "readiness" };
  const deadline = new Date(Date.now() + 5_000);
  try {
    for await (const _ of vision.readEmbedding(request, { signal, deadline })) return;
  } catch (error) {
    if (error instanceof DomainError && error.code === "embedding_not_found") return;
    throw error;
  }
}

async function named(service: string, probe: Promise<unknown>): Promise<void> {
  try {
    await probe;
  } catch (error) {
    throw new DomainError(
      "unavailable",
      `Cannot take work as the ${service} service is not ready`,
      {
        cause: error,
        hint: "try again in a few seconds",
      },
    );
  }
}
