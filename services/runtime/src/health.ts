import type { Server } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";

/** What the gRPC health service (v1) answers: "" is the process (liveness), the service's name is readiness. */
export type Health = {
  setReady(ready: boolean): void;
};

/** Adds the health service to `server`: alive from now on, not ready yet. */
export function addHealth(server: Server, serviceName: string): Health {
  const health = new HealthImplementation({ "": "SERVING", [serviceName]: "NOT_SERVING" });
  health.addToServer(server);
  return { setReady: (ready) => health.setStatus(serviceName, ready ? "SERVING" : "NOT_SERVING") };
}
