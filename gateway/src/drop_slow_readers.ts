import type { Server } from "node:http";
import type { Socket } from "node:net";

/** What of a connection's bytes had gone out, and since when it is so many. */
type Progress = { readonly gone: number; readonly sinceMs: number };

/**
 * Breaks connections whose callers do not read what was written for them; work for them ends as if they had gone.
 *
 * @param stallMs How long nothing may go out while something waits.
 */
export function dropSlowReaders(server: Server, stallMs: number): void {
  const open = new Map<Socket, Progress>();
  server.on("connection", (socket) => {
    open.set(socket, { gone: 0, sinceMs: performance.now() });
    socket.once("close", () => open.delete(socket));
  });
  const timer = setInterval(() => {
    const now = performance.now();
    for (const [socket, { gone, sinceMs }] of open) {
      const waiting = socket.writableLength;
      const goneNow = socket.bytesWritten - waiting;
      if (waiting === 0 || goneNow !== gone) open.set(socket, { gone: goneNow, sinceMs: now });
      else if (now - sinceMs > stallMs) socket.destroy();
    }
  }, stallMs / 4);
  timer.unref();
  server.once("close", () => clearInterval(timer));
}
