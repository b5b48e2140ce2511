import { once } from "node:events";
import { connect } from "node:net";
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
