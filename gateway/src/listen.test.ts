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
