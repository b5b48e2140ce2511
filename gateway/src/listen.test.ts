import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { listen } from "./listen.ts";

test("listen() says which variable to set when the port is taken", async () => {
  const first = await listen(() => new Response("ok"), { host: "127.0.0.1", port: 0 });
  const second = listen(() => new Response("ok"), { host: "127.0.0.1", port: first.port });
  await expect(second).rejects.toThrow("MEDV_PORT");
  await first.drain();
});

test("listen() lets a running answer finish when it drains", async () => {
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const server = await listen(
    async () => {
      started.resolve();
      await release.promise;
      return new Response("finished");
    },
    { host: "127.0.0.1", port: 0 },
  );
  const answer = fetch(`http://127.0.0.1:${server.port}/`);
  await started.promise;
  const drained = server.drain();
  release.resolve();
  expect(await (await answer).text()).toBe("finished");
  await drained;
});

test("listen() closes a connection whose client reads no more, and ends its answer", async () => {
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream({
    pull: (stream) => stream.enqueue(new Uint8Array(64 << 10)),
    cancel: () => cancelled.resolve(),
  });
  const server = await listen(() => new Response(body), {
    host: "127.0.0.1",
    port: 0,
    idleMs: 200,
    // So that it is not this limit that ends it.
    stallMs: 3_600_000,
  });
  const client = connect(server.port, "127.0.0.1");
  client.on("error", () => {});
  await once(client, "connect");
  client.write("GET / HTTP/1.1\r\nhost: gateway\r\n\r\n");
  client.pause();
  await expect(cancelled.promise).resolves.toBeUndefined();
  client.destroy();
  await server.drain();
});

/** Without the option that a test is about, a default of a minute would end the same. */
const SOONER_THAN_DEFAULTS = { timeout: 40_000 };

/** Opens a connection that a test writes to by hand. */
async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => {}); // what being dropped looks like
  return socket;
}

/** Sends a byte now and then until the other side has had enough. */
async function drip(socket: Socket): Promise<void> {
  const timer = setInterval(() => socket.write("x"), 20);
  await new Promise((resolve) => socket.once("close", resolve));
  clearInterval(timer);
}

test.each([
  {
    what: "headers",
    begin: "GET / HTTP/1.1\r\nhost: a\r\nx-slow: ",
    limits: { headersTimeoutMs: 2000 },
  },
  {
    what: "a body",
    begin: "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n",
    limits: { headersTimeoutMs: 2000, requestTimeoutMs: 4000 },
  },
])(
  "listen() drops a caller who sends $what byte by byte, and serves the others",
  SOONER_THAN_DEFAULTS,
  async ({ begin, limits }) => {
    const server = await listen(
      async (request) => new Response(`${(await request.text()).length} bytes`),
      { host: "127.0.0.1", port: 0, ...limits },
    );
    const socket = await open(server.port);
    socket.write(begin);
    const dropped = drip(socket);
    const other = await fetch(`http://127.0.0.1:${server.port}/`, {
      method: "POST",
      body: "12345",
    });
    expect(await other.text()).toBe("5 bytes");
    await dropped;
    await server.drain();
  },
);

test("listen() refuses headers of more than 16 KiB", async () => {
  const server = await listen(() => new Response("ok"), { host: "127.0.0.1", port: 0 });
  const response = await fetch(`http://127.0.0.1:${server.port}/`, {
    headers: { "x-long": "x".repeat(16 << 10) },
  });
  expect(response.status).toBe(431);
  await server.drain();
});

test(
  "listen() drops a caller who does not read a stream, and ends the work for it",
  SOONER_THAN_DEFAULTS,
  async () => {
    const ended = Promise.withResolvers<unknown>();
    let sent = 0;
    const server = await listen(
      ({ signal }) => {
        signal.addEventListener("abort", () => ended.resolve(undefined));
        const body = new ReadableStream<Uint8Array>({
          pull(stream) {
            sent += 64 << 10;
            stream.enqueue(new Uint8Array(64 << 10));
          },
        });
        return new Response(body);
      },
      { host: "127.0.0.1", port: 0, stallMs: 400 },
    );
    const socket = await open(server.port);
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await ended.promise;
    // What the system holds for both sides, and no more.
    expect(sent).toBeLessThan(64 << 20);
    socket.destroy();
    await server.drain();
  },
);

test("listen() leaves a caller who reads now and then, and a stream that says nothing for long", async () => {
  const server = await listen(
    () => {
      let pulled = 0;
      const body = new ReadableStream<Uint8Array>({
        async pull(stream) {
          if (pulled === 1) await sleep(5000);
          if (pulled === 400) return stream.close();
          pulled += 1;
          return stream.enqueue(new Uint8Array(64 << 10));
        },
      });
      return new Response(body);
    },
    { host: "127.0.0.1", port: 0, stallMs: 2000 },
  );
  const socket = await open(server.port);
  let read = 0;
  socket.on("data", (bytes) => {
    read += bytes.length;
    socket.pause();
    setTimeout(() => socket.resume(), 20);
  });
  socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  await new Promise((resolve) => socket.once("close", resolve));
  expect(read).toBeGreaterThan(400 * (64 << 10));
  await server.drain();
});
