import { connect, createServer, type Socket } from "node:net";

/** A way to a server that can be cut. */
export type CuttingProxy = {
  readonly url: string;
  /** Breaks every connection that is open now. */
  cut(): void;
  stop(): Promise<void>;
};

/** Forwards connections to `port` on this machine. */
export async function startCuttingProxy(port: number): Promise<CuttingProxy> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on("error", () => {}); // what a cut does to the other side
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const own = typeof address === "object" && address !== null ? address.port : 0;
  const cut = (): void => open.forEach((socket) => socket.resetAndDestroy());
  return {
    url: `http://127.0.0.1:${own}`,
    cut,
    stop: () => {
      cut();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
