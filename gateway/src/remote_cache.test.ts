import { DomainError } from "@medv/proto";
import { keyOf } from "@medv/runtime/remote_cache/cache_connection";
import { prepareRedis, redisTest } from "@medv/runtime/testing/redis_tests";
import { until } from "@medv/runtime/testing/until";
import { expect } from "vitest";
import type { AuthenticateOptions } from "./auth/authenticate.ts";
import { DeletionReceipts } from "./deletion_receipts.ts";
import { DELETED_IMAGES } from "./forgotten_image.ts";
import { askAbout } from "./testing/ask_about.ts";
import { bearer } from "./testing/bearer.ts";
import {
  answerHello,
  dataUrl,
  drawPng,
  type Script,
  SECRET,
  startScriptedGateway,
} from "./testing/scripted_gateway.ts";
import { twoTenants } from "./testing/two_tenants.ts";

type Gateway = Awaited<ReturnType<typeof startScriptedGateway>>;

const redis = prepareRedis();

/** A gateway whose cache is connected. */
async function start(access: Partial<AuthenticateOptions> = {}): Promise<Gateway> {
  const connection = await redis.connect(new Uint8Array(32));
  const gateway = await startScriptedGateway({ connection, access });
  redis.cleanUp(gateway.stop);
  return gateway;
}

/** What the cache has, but what tells the other gateways that an image was deleted. */
async function keptKeys(): Promise<string[]> {
  return [...(await redis.server.entries()).keys()].filter((key) => key !== keyOf(DELETED_IMAGES));
}

async function ask({ app }: Gateway, ...urls: string[]): Promise<Response> {
  const body = JSON.stringify(askAbout(urls));
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

redisTest("another gateway knows an image that one gateway had encoded", async () => {
  const [first, second] = [await start(), await start()];
  const url = dataUrl(await drawPng(31));
  expect(await imageCache(await ask(first, url))).toBe("miss");
  await until("the handle is in the cache", async () => (await redis.server.entries()).size > 0);
  expect(await imageCache(await ask(second, url))).toBe("hit");
  expect(second.seen.encodes).toBe(0);
});

redisTest(
  "an id of one gateway stands for its image at another, also when its embedding is gone",
  async () => {
    const [first, second] = [await start(), await start()];
    const bytes = await drawPng(35, 16);
    const id = await upload(first, bytes);
    const url = `medv-image:${id}`;
    const described = await second.app.request(`/v1/images/${id}`);
    expect(await described.json()).toMatchObject({ id, width: 16, height: 8, format: "png" });
    const tiles = await Promise.all(
      [first, second].map(async ({ app }) => {
        const response = await app.request(`/v1/images/${id}/tiles/0`);
        return Buffer.from(await response.arrayBuffer()).toString("hex");
      }),
    );
    expect(tiles[1]).toBe(tiles[0]);
    expect((await ask(second, url)).status).toBe(200);
    // As one of several it is preprocessed another way.
    expect((await ask(second, url, url)).status).toBe(200);
    expect(second.seen.requests.map(({ images }) => images.length)).toEqual([1, 2]);

    const encoded = second.seen.encodes;
    second.seen.script = forgetOnce(second);
    expect((await ask(second, url)).status).toBe(200);
    expect(second.seen.encodes).toBe(encoded + 1);
    const [sent, again] = [first.seen.encodeRequests[0], second.seen.encodeRequests.at(-1)];
    expect(again?.pixels).toEqual(sent?.pixels);
    expect(again?.pixels).toHaveLength(28 * 28 * 3);
  },
);

/** The embedding is gone by the time that the decoder wants it. */
function forgetOnce({ seen, forgetEmbeddings }: Gateway): Script {
  // A stream that fails before its first event has nothing to yield.
  // oxlint-disable-next-line eslint/require-yield
  return async function* gone() {
    seen.script = answerHello;
    forgetEmbeddings();
    throw new DomainError("embedding_not_found", "Cannot read the embedding as it is not kept");
  };
}

redisTest(
  "an id is nothing to another tenant, at whichever gateway, and its file is not shared",
  async () => {
    const { key, apiKeys } = twoTenants();
    const [first, second] = [await start({ apiKeys }), await start({ apiKeys })];
    const bytes = Buffer.concat([await drawPng(36), Buffer.from("CANARY of the file")]);
    const sent = await first.app.request("/v1/images", {
      method: "POST",
      headers: bearer(key.a),
      body: bytes,
    });
    const { id } = (await sent.json()) as { id: string };
    for (const { app } of [first, second]) {
      const path = `/v1/images/${id}`;
      expect((await app.request(path, { headers: bearer(key.b) })).status).toBe(404);
      const removed = await app.request(path, { method: "DELETE", headers: bearer(key.b) });
      expect(removed.status).toBe(404);
      expect((await app.request(path, { headers: bearer(key.a) })).status).toBe(200);
    }
    for (const content of (await redis.server.entries()).values()) {
      expect(content.includes("CANARY")).toBe(false);
    }
  },
);

redisTest(
  "an id that was deleted at one gateway is unknown at the others, and its pixels are gone",
  async () => {
    const [first, second] = [await start(), await start()];
    const id = await upload(first, await drawPng(37));
    const removed = await second.app.request(`/v1/images/${id}`, { method: "DELETE" });
    expect(removed.status).toBe(200);
    expect((await second.app.request(`/v1/images/${id}`)).status).toBe(404);
    expect((await ask(second, `medv-image:${id}`)).status).toBe(404);
    // The other one may have been about to share the handle, and hears of the deletion a little later.
    await until("nothing is left", async () => (await keptKeys()).length === 0);
  },
);

redisTest("DELETE /v1/images/:id empties every tier, at once after the upload too", async () => {
  const gateway = await start();
  for (const wait of [false, true]) {
    gateway.seen.deleted.length = 0;
    gateway.seen.forgotten.length = 0;
    const id = await upload(gateway, await drawPng(wait ? 33 : 32));
    // Without a question the embedding is still on its way.
    if (wait) await ask(gateway, `medv-image:${id}`);
    const response = await gateway.app.request(`/v1/images/${id}`, { method: "DELETE" });
    expect(response.status).toBe(200);
    const { receipt } = (await response.json()) as { receipt: string };
    expect(await new DeletionReceipts(SECRET).read(receipt)).toMatchObject({
      image: id,
      emptied: { shared_cache: true, vision_replicas: 1, diffusion_replicas: 1 },
    });
    expect(await keptKeys()).toEqual([]);
    expect(gateway.seen.deleted).toHaveLength(1);
    expect(gateway.seen.forgotten).toEqual(gateway.seen.deleted);
    expect(gateway.isEncoded(gateway.seen.deleted[0] ?? "")).toBe(false);
    expect((await ask(gateway, `medv-image:${id}`)).status).toBe(404);
  }
  // Nothing of its bytes is known any more.
  expect(await imageCache(await ask(gateway, dataUrl(await drawPng(33))))).toBe("miss");
});

redisTest(
  "a deletion that the cache did not confirm is refused and can be tried again",
  async () => {
    const gateway = await start();
    const id = await upload(gateway, await drawPng(34));
    await redis.server.kill();
    const remove = () => gateway.app.request(`/v1/images/${id}`, { method: "DELETE" });
    const refused = await remove();
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: "unavailable" });
    await redis.restart();
    const statuses: number[] = [];
    await until("the image can be deleted", async () => {
      statuses.push((await remove()).status);
      return statuses.at(-1) !== 503;
    });
    expect(statuses.at(-1)).toBe(200);
  },
);

redisTest("no question fails when the cache is killed under load", async () => {
  const gateway = await start();
  const urls = await Promise.all(
    Array.from({ length: 12 }, async (_, red) => dataUrl(await drawPng(40 + red))),
  );
  const statuses: number[] = [];
  let asked = 0;
  const worker = async (): Promise<void> => {
    while (asked < 60) {
      const url = urls[asked++ % urls.length] ?? "";
      if (asked === 20) void redis.server.kill();
      statuses.push((await ask(gateway, url)).status);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  expect(statuses.length).toBeGreaterThanOrEqual(60);
  expect(new Set(statuses)).toEqual(new Set([200]));
});
