import { setTimeout as sleep } from "node:timers/promises";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import type { Server, ServerCredentials, ServerInterceptor } from "@grpc/grpc-js";
import { addService, createServer, credentialsOf, type Implementation } from "@medv/proto/grpc";
import { CallGate } from "./call_gate.ts";
import { createHealth, type Health } from "./health.ts";
import type { Logger } from "./logger.ts";
import { addReflection } from "./reflection.ts";

/** Where and as what a process serves. */
export type ServiceOptions = {
  /** `host:port`; port 0 takes any free one. */
  readonly address: string;
  /** The environment variable that `address` came from, for the message when the port is taken. */
  readonly addressVariable: string;
  /** Plain text by default. */
  readonly credentials?: ServerCredentials;
  /** A second `host:port` that answers health checks alone, in plain text. */
  readonly healthAddress?: string | undefined;
  /** Around every call. */
  readonly interceptors?: readonly ServerInterceptor[];
  readonly logger: Logger;
};

/** A service that listens. */
export type RunningService<T extends GenServiceMethods> = {
  readonly port: number;
  /** Of the second place for health checks, if there is one. */
  readonly healthPort: number | undefined;
  /** Takes calls from now on and says so in its readiness. */
  open(implementation: Implementation<T>): void;
  /** Not ready at once, stops listening and sends its callers elsewhere, lets the running calls finish. */
  readonly drain: () => Promise<void>;
};

// Clients that balance over replicas notice a new one only when a connection ends.
const MAX_CONNECTION_AGE_MS = 300_000;

// A health watcher never ends its call, so a drained server waits this long for connections and no longer.
const CLOSE_GRACE_MS = 2_000;

/**
 * Serves one gRPC service with health and reflection. It listens at once, so that it can be seen to be alive, and is
 * ready when it is opened.
 *
 * @throws {Error} If the address cannot be listened on.
 */
export async function startService<T extends GenServiceMethods>(
  service: GenService<T>,
  options: ServiceOptions,
): Promise<RunningService<T>> {
  const { logger } = options;
  const server = createServer({
    "grpc.max_connection_age_ms": MAX_CONNECTION_AGE_MS,
    interceptors: [...(options.interceptors ?? [])],
  });
  const gate = new CallGate();
  const doors = service.methods.map(({ localName, methodKind }) => [
    localName,
    methodKind === "unary" ? gate.unary(localName) : gate.stream(localName),
  ]);
  // One door per method of the descriptor that the mapped type is made of.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  addService(server, service, Object.fromEntries(doors) as Implementation<T>, (err, call) =>
    logger.error({ err, ...call }, "call-error"),
  );
  const health = createHealth(service.typeName);
  health.addTo(server);
  addReflection(server, service.file);
  const port = await listen(server, options);
  const probes = await listenForProbes(health, options.healthAddress);
  logger.info({ address: options.address, port, healthPort: probes?.port }, "listen-start");
  return {
    port,
    healthPort: probes?.port,
    open(implementation) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      gate.open(implementation as unknown as Parameters<CallGate["open"]>[0]);
      health.setReady(true);
      logger.info({ typeName: service.typeName }, "service-ready");
    },
    async drain() {
      logger.info({}, "drain-start");
      health.setReady(false);
      gate.close();
      // Told to go away, callers use other replicas at once; waiting for the last call first would refuse theirs meanwhile.
      const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      await gate.idle();
      await Promise.race([closed, sleep(CLOSE_GRACE_MS, undefined, { ref: false })]);
      server.forceShutdown();
      probes?.server.forceShutdown();
      logger.info({}, "drain-end");
    },
  };
}

async function listenForProbes(
  health: Health,
  address: string | undefined,
): Promise<{ readonly server: Server; readonly port: number } | undefined> {
  if (address === undefined) return undefined;
  const server = createServer();
  health.addTo(server);
  return {
    server,
    port: await listen(server, { address, addressVariable: "MEDV_HEALTH_ADDRESS" }),
  };
}

function listen(
  server: Server,
  options: Pick<ServiceOptions, "address" | "addressVariable" | "credentials">,
): Promise<number> {
  const credentials = options.credentials ?? credentialsOf(undefined).server;
  return new Promise((resolve, reject) => {
    server.bindAsync(options.address, credentials, (error, port) => {
      if (error === null) {
        resolve(port);
        return;
      }
      const taken = error.message.includes("EADDRINUSE");
      reject(
        new Error(
          `Cannot listen on ${options.address} as ${taken ? "the port is taken" : "the address is refused"}: set ${options.addressVariable} to another host:port`,
          { cause: error },
        ),
      );
    });
  });
}
