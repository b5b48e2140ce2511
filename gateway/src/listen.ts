import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import { createAdaptorServer } from "@hono/node-server";

/** An HTTP server that listens. */
export type Listening = {
  readonly port: number;
  /** Takes no new connection; resolves when the running answers are finished. */
  drain(): Promise<void>;
};

/**
 * Serves `fetch` over HTTP.
 *
 * @param address.port 0 takes any free one.
 * @param address.idleMs After so long without a byte either way a connection is closed, whoever should speak; never by
 * default.
 * @throws {Error} If the port is taken; names MEDV_PORT.
 */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  address: { readonly host: string; readonly port: number; readonly idleMs?: number },
): Promise<Listening> {
  const server = createAdaptorServer({ fetch });
  if (address.idleMs !== undefined) server.setTimeout(address.idleMs);
  server.listen(address.port, address.host);
  try {
    await once(server, "listening");
  } catch (error) {
    if (!isTaken(error)) throw error;
    throw new Error(
      `Cannot listen on ${address.host}:${address.port} as the port is taken: stop the other process or set MEDV_PORT to a free port`,
      { cause: error },
    );
  }
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : address.port;
  let isDraining = false;
  const closeIdle = (): void => {
    if (isDraining && isHttp(server)) server.closeIdleConnections();
  };
  server.on("request", (_request: unknown, response: ServerResponse) => {
    // A connection that only waits for its next request would keep a draining server open.
    response.once("close", () => setImmediate(closeIdle));
  });
  return {
    port,
    drain: () =>
      new Promise((resolve) => {
        isDraining = true;
        server.close(() => resolve());
        closeIdle();
      }),
  };
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

function isHttp(server: object): server is Server {
  return "closeIdleConnections" in server;
}
