import { DomainError } from "@medv/proto";
import { Hono } from "hono";
import type { Dependencies, GatewayEnv } from "./dependencies.ts";
import type { Services } from "./services.ts";

/** `/healthz` (the process lives) and `/readyz` (both services take calls). */
export function healthRoute({ model, services }: Dependencies): Hono<GatewayEnv> {
  const route = new Hono<GatewayEnv>();
  route.get("/healthz", (context) => context.json({ status: "alive" }));
  route.get("/readyz", async (context) => {
    const { signal } = context.req.raw;
    await Promise.all([
      named("diffusion", model.refresh(signal)),
      named("vision", probeVision(services.vision, signal)),
    ]);
    return context.json({ status: "ready" });
  });
  return route;
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
