import { CacheConnection } from "@medv/runtime/remote_cache/cache_connection";
import { remoteCache } from "@medv/runtime/remote_cache/remote_cache";
import { REDIS_MISSING, type RedisServer, startRedis } from "@medv/runtime/testing/redis_server";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dataUrl, drawPng, startScriptedGateway } from "./testing/scripted_gateway.ts";

type Gateway = Awaited<ReturnType<typeof startScriptedGateway>>;

const named = REDIS_MISSING === undefined ? "" : ` (${REDIS_MISSING})`;
const cleanUp: (() => unknown)[] = [];
let server: RedisServer;

beforeEach(async () => {
  if (REDIS_MISSING !== undefined) return;
  server = await startRedis();
  cleanUp.push(() => server.kill());
});
afterEach(async () => {
  for (const step of cleanUp.splice(0).toReversed()) await step();
});

/** A gateway whose cache is connected. */
async function start(): Promise<Gateway> {
  const connection = new CacheConnection(
    { url: server.url, key: new Uint8Array(32) },
    { warn: () => {} },
  );
  const remote = remoteCache(connection);
  const gateway = await startScriptedGateway({ connection });
  cleanUp.push(() => connection.close(), gateway.stop);
  const name = { tenantScope: "probe", key: "probe" };
  await until(async () => {
    await remote.set(name, new Uint8Array(1), 60);
    return (await remote.get(name)) !== undefined;
  });
  await remote.delete(name);
  return gateway;
}

/** Looks again and again, with rests in which everything else goes on. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function ask({ app }: Gateway, url: string): Promise<Response> {
  const content = [
    { type: "image_url", image_url: { url } },
    { type: "text", text: "What is it?" },
  ];
  const body = JSON.stringify({ model: "phantom", messages: [{ role: "user", content }] });
  return await app.request("/v1/chat/completions", { method: "POST", body });
}

async function imageCache(response: Response): Promise<string> {
  const body = (await response.json()) as { usage: { details: { image_cache: string } } };
  return body.usage.details.image_cache;
}

async function upload({ app }: Gateway, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const response = await app.request("/v1/images", { method: "POST", body: bytes });
  return ((await response.json()) as { id: string }).id;
}

test.skipIf(REDIS_MISSING !== undefined)(
  `another gateway knows an image that one gateway had encoded${named}`,
  async () => {
    const [first, second] = [await start(), await start()];
    const url = dataUrl(await drawPng(31));
    expect(await imageCache(await ask(first, url))).toBe("miss");
    await until(async () => (await server.entries()).size > 0);
    expect(await imageCache(await ask(second, url))).toBe("hit");
    expect(second.seen.encodes).toBe(0);
  },
);

test.skipIf(REDIS_MISSING !== undefined)(
  `DELETE /v1/images/:id empties every tier, at once after the upload too${named}`,
  async () => {
    const gateway = await start();
    for (const wait of [false, true]) {
      gateway.seen.deleted.length = 0;
      gateway.seen.forgotten.length = 0;
      const id = await upload(gateway, await drawPng(wait ? 33 : 32));
      // Without a question the embedding is still on its way.
      if (wait) await ask(gateway, `medv-image:${id}`);
      const response = await gateway.app.request(`/v1/images/${id}`, { method: "DELETE" });
      expect(response.status).toBe(204);
      expect([...(await server.entries()).keys()]).toEqual([]);
      expect(gateway.seen.deleted).toHaveLength(1);
      expect(gateway.seen.forgotten).toEqual(gateway.seen.deleted);
      expect(gateway.isEncoded(gateway.seen.deleted[0] ?? "")).toBe(false);
      expect((await ask(gateway, `medv-image:${id}`)).status).toBe(404);
    }
    // Nothing of its bytes is known any more.
    expect(await imageCache(await ask(gateway, dataUrl(await drawPng(33))))).toBe("miss");
  },
);

test.skipIf(REDIS_MISSING !== undefined)(
  `a deletion that the cache did not confirm is refused and can be tried again${named}`,
  async () => {
    const gateway = await start();
    const id = await upload(gateway, await drawPng(34));
    const port = Number(new URL(server.url).port);
    await server.kill();
    const remove = () => gateway.app.request(`/v1/images/${id}`, { method: "DELETE" });
    const refused = await remove();
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: "unavailable" });
    server = await startRedis(port);
    const statuses: number[] = [];
    await until(async () => {
      statuses.push((await remove()).status);
      return statuses.at(-1) !== 503;
    });
    expect(statuses.at(-1)).toBe(204);
  },
);

test.skipIf(REDIS_MISSING !== undefined)(
  `no question fails when the cache is killed under load${named}`,
  async () => {
    const gateway = await start();
    const urls = await Promise.all(
      Array.from({ length: 12 }, async (_, red) => dataUrl(await drawPng(40 + red))),
    );
    const statuses: number[] = [];
    let asked = 0;
    const worker = async (): Promise<void> => {
      while (asked < 60) {
        const url = urls[asked++ % urls.length] ?? "";
        if (asked === 20) void server.kill();
        statuses.push((await ask(gateway, url)).status);
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    expect(statuses.length).toBeGreaterThanOrEqual(60);
    expect(new Set(statuses)).toEqual(new Set([200]));
  },
);
