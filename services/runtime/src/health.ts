import type { Server } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";

/** What the gRPC health service (v1) answers: "" is the process (liveness), the service's name is readiness. */
export type Health = {
  addTo(server: Server): void;
  setReady(ready: boolean): void;
};

/** A health service: alive from now on, not ready yet. */
export function createHealth(serviceName: string): Health {
  const health = new HealthImplementation({ "": "SERVING", [serviceName]: "NOT_SERVING" });
  return {
    addTo: (server) => health.addToServer(server),
    setReady: (ready) => health.setStatus(serviceName, ready ? "SERVING" : "NOT_SERVING"),
  };
}
