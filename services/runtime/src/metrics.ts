import { createServer } from "node:http";
import { collectDefaultMetrics, Registry } from "prom-client";

/** Where Prometheus reads a process's metrics. */
export type MetricsServer = { readonly port: number; close(): void };

/** A registry that holds the process's own metrics already: memory, processor time, event loop, garbage collection. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/**
 * Serves `GET /metrics` at a place of its own, which a network policy can keep to Prometheus.
 *
 * @param address `host:port`; port 0 takes any free one. Undefined: nowhere.
 * @throws {Error} If the address cannot be listened on.
 */
export async function serveMetrics(
  registry: Registry,
  address: string | undefined,
): Promise<MetricsServer | undefined> {
  if (address === undefined) return undefined;
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { "content-type": registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new Error(
          `Cannot serve metrics on ${address} as the address is refused: set MEDV_METRICS_ADDRESS to another host:port`,
          { cause },
        ),
      ),
    );
    server.listen(Number(address.slice(colon + 1)), host, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : 0,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
