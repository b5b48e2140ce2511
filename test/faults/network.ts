import { connect, createServer, type Socket } from "node:net";

/**
 * What a network does to its connections: `slow` delays every piece by a fifth of a second, `blackhole` lets nothing
 * through and says nothing, `reset` breaks what is open and what is opened.
 */
export type Fault = "none" | "slow" | "blackhole" | "reset";

/** The network between two processes. */
export type Network = {
  readonly port: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Bytes that went to the target so far. */
  readonly sent: number;
  set(fault: Fault): void;
  /** Breaks every connection that is open now, and no later one. */
  cut(): void;
  stop(): Promise<void>;
};

const DELAY_MS = 200;

/** Forwards connections to `target` on this machine. */
export async function startNetwork(target: number): Promise<Network> {
  const sockets = new Set<Socket>();
  let fault: Fault = "none";
  let sent = 0;
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on("error", () => {}); // what a cut does to the other side
      from.on("data", (data) => {
        if (to === far) sent += data.length;
        if (fault === "slow") setTimeout(() => to.write(data), DELAY_MS);
        else to.write(data);
      });
      from.on("end", () => setTimeout(() => to.end(), fault === "slow" ? DELAY_MS : 0));
      from.on("close", () => {
        sockets.delete(from);
        setTimeout(() => to.destroy(), fault === "slow" ? DELAY_MS : 0);
      });
    }
    if (fault === "reset") near.resetAndDestroy();
    // As a network that loses everything: what was sent goes on once it is well again.
    if (fault === "blackhole") for (const socket of [near, far]) socket.pause();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const cut = (): void => sockets.forEach((socket) => socket.resetAndDestroy());
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    get open() {
      return sockets.size / 2;
    },
    get sent() {
      return sent;
    },
    set(next) {
      fault = next;
      if (next === "reset") cut();
      for (const socket of sockets) {
        if (next === "blackhole") socket.pause();
        else socket.resume();
      }
    },
    cut,
    stop: () => {
      cut();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
