import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { dropSlowReaders } from "./drop_slow_readers.ts";

/** Where it listens, and how long callers may take. */
export type ListenOptions = {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** To send a whole request. */
  readonly requestTimeoutMs?: number;
  /** To send its headers. */
  readonly headersTimeoutMs?: number;
  /** To read anything of what waits for them. */
  readonly stallMs?: number;
  /** Without a byte either way, whoever should speak; for ever where it is missing. */
  readonly idleMs?: number;
};

/** An HTTP server that listens. */
export type Listening = {
  readonly port: number;
  /** Takes no new connection; resolves when the running answers are finished. */
  drain(): Promise<void>;
};

/**
 * Serves `fetch` over HTTP. Who takes too long is dropped: with 408 while a request is read, without a word later on.
 *
 * @throws {Error} If the port is taken; names MEDV_PORT.
 */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  options: ListenOptions,
): Promise<Listening> {
  const {
    host,
    requestTimeoutMs: requestTimeout = 120_000,
    // A gateway that has too much to do reads headers late: who sent them in time is not to be cut off.
    headersTimeoutMs: headersTimeout = Math.min(requestTimeout, 60_000),
    stallMs = 60_000,
  } = options;
  const connectionsCheckingInterval = headersTimeout / 4;
  const answer = getRequestListener(fetch);
  const server = createServer(
    { requestTimeout, headersTimeout, connectionsCheckingInterval, maxHeaderSize: 16 << 10 },
    (request, response) => void answer(request, response),
  );
  if (options.idleMs !== undefined) server.setTimeout(options.idleMs);
  dropSlowReaders(server, stallMs);
  server.listen(options.port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    if (!isTaken(error)) throw error;
    throw new Error(
      `Cannot listen on ${host}:${options.port} as the port is taken: stop the other process or set MEDV_PORT to a free port`,
      { cause: error },
    );
  }
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : options.port;
  let isDraining = false;
  const closeIdle = (): void => {
    if (isDraining) server.closeIdleConnections();
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
