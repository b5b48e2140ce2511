import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DeletionReceipts, type ReceiptClaims } from "@medv/gateway/deletion_receipts";
import { DELETED_IMAGES } from "@medv/gateway/forgotten_image";
import { freePort } from "@medv/runtime/free_port";
import { keyOf } from "@medv/runtime/remote_cache/cache_connection";
import { REDIS_MISSING, type RedisServer, startRedis } from "@medv/runtime/testing/redis_server";
import { redisTest } from "@medv/runtime/testing/redis_tests";
import { until } from "@medv/runtime/testing/until";
import { afterAll, beforeAll, expect } from "vitest";
import { readMetric } from "./read_metric.ts";
import { ended, type ProcessName, startProcess } from "./start_process.ts";

/** A process, and where its metrics stand. */
type Running = { readonly child: ChildProcess; readonly port: number; readonly metrics: string };

const SECRET = "the same secret on both of the gateways";
const receipts = new DeletionReceipts(Buffer.from(SECRET));
const lines: string[] = [];
const running: ChildProcess[] = [];
let server: RedisServer;
let vision: Running;
let diffusions: readonly Running[];
let gateways: readonly Running[];

beforeAll(async () => {
  if (REDIS_MISSING !== undefined) return;
  server = await startRedis();
  const start = async (
    name: ProcessName,
    env: (port: number) => Readonly<Record<string, string>>,
  ): Promise<Running> => {
    const [port, scraped] = [await freePort(), await freePort()];
    const shared = { MEDV_CACHE_URL: server.url, MEDV_METRICS_ADDRESS: `127.0.0.1:${scraped}` };
    const child = await startProcess(name, { ...shared, ...env(port) }, lines);
    running.push(child);
    return { child, port, metrics: `http://127.0.0.1:${scraped}/metrics` };
  };
  vision = await start("vision", (port) => ({
    MEDV_VISION_ADDRESS: `127.0.0.1:${port}`,
  }));
  const MEDV_VISION_ADDRESS = `127.0.0.1:${vision.port}`;
  const diffusion = () =>
    start("diffusion", (port) => ({
      MEDV_VISION_ADDRESS,
      MEDV_DIFFUSION_ADDRESS: `127.0.0.1:${port}`,
    }));
  diffusions = await Promise.all([diffusion(), diffusion()]);
  const gateway = () =>
    start("gateway", (port) => ({
      MEDV_VISION_ADDRESS,
      MEDV_DIFFUSION_ADDRESS: diffusions.map((each) => `127.0.0.1:${each.port}`).join(","),
      MEDV_PORT: String(port),
      MEDV_SECRET: SECRET,
    }));
  gateways = await Promise.all([gateway(), gateway()]);
});

afterAll(async () => {
  for (const child of running) child.kill("SIGTERM");
  await Promise.all(running.map(ended));
  if (REDIS_MISSING === undefined) await server.kill();
});

/** The bytes that each tier keeps of images. */
async function tiers(): Promise<Readonly<Record<string, number>>> {
  const entries = [...(await server.entries())].filter(([key]) => key !== keyOf(DELETED_IMAGES));
  return {
    cache: entries.reduce((sum, [, content]) => sum + content.length, 0),
    vision: await readMetric(vision.metrics, "medv_vision_embedding_bytes"),
    "diffusion 0": await readMetric(diffusions[0]?.metrics ?? "", "medv_diffusion_embedding_bytes"),
    "diffusion 1": await readMetric(diffusions[1]?.metrics ?? "", "medv_diffusion_embedding_bytes"),
    "gateway 0": await readMetric(gateways[0]?.metrics ?? "", "medv_gateway_image_bytes"),
    "gateway 1": await readMetric(gateways[1]?.metrics ?? "", "medv_gateway_image_bytes"),
  };
}

function urlOf(gateway: number, path: string): string {
  return `http://127.0.0.1:${gateways[gateway]?.port}${path}`;
}

async function ask(gateway: number, ...ids: readonly string[]): Promise<number> {
  const content = [
    ...ids.map((id) => ({ type: "image_url", image_url: { url: `medv-image:${id}` } })),
    { type: "text", text: "What does this image show?" },
  ];
  const response = await fetch(urlOf(gateway, "/v1/chat/completions"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "llada-medv-phantom",
      messages: [{ role: "user", content }],
      max_tokens: 4,
    }),
  });
  await response.text();
  return response.status;
}

/** Deletes an image, again where the cache was given up; gives what the receipt says. */
async function remove(gateway: number, id: string): Promise<ReceiptClaims> {
  for (;;) {
    const response = await fetch(urlOf(gateway, `/v1/images/${id}`), { method: "DELETE" });
    const { receipt = "" } = (await response.json()) as { receipt?: string };
    if (response.status !== 503) {
      expect(response.status).toBe(200);
      return await receipts.read(receipt);
    }
  }
}

redisTest(
  "a deleted image is gone from two gateways, vision, two replicas of diffusion and the cache",
  async () => {
    const sample = join(import.meta.dirname, "../gateway/web/samples/chest_xray.png");
    const body = await readFile(sample);
    let id = "";
    // Until every tier has something of it; on a busy machine the cache may be given up now and then.
    while (Object.values(await tiers()).includes(0)) {
      const sent = await fetch(urlOf(0, "/v1/images"), { method: "POST", body });
      if (id !== "") await remove(0, id);
      ({ id } = (await sent.json()) as { id: string });
      // Each gateway asks both replicas in turn, about one image and about several.
      for (const gateway of [0, 1, 0, 1]) {
        expect([200, 404]).toContain(await ask(gateway, id));
        expect([200, 404]).toContain(await ask(gateway, id, id));
      }
    }

    // Elsewhere than it was sent to.
    expect(await remove(1, id)).toMatchObject({
      image: id,
      tenant: "local",
      emptied: { memory: true, shared_cache: true, vision_replicas: 1, diffusion_replicas: 2 },
    });
    const kept = await tiers();
    expect(kept).toEqual({ ...kept, cache: 0, vision: 0, "diffusion 0": 0, "diffusion 1": 0 });
    const confirmedMs = performance.now();
    let askedMs = confirmedMs;
    await until("the image is nowhere", async () => {
      askedMs = performance.now();
      return Object.values(await tiers()).every((bytes) => bytes === 0);
    });
    // Not speed but a promise: an image that was deleted is nowhere five seconds later.
    expect(askedMs - confirmedMs).toBeLessThan(5000);
    for (const gateway of [0, 1]) expect(await ask(gateway, id)).toBe(404);
  },
  600_000,
);

redisTest(
  "a deletion that one replica did not confirm is refused, wherever it is tried",
  async () => {
    const body = await readFile(join(import.meta.dirname, "../gateway/web/samples/gross.png"));
    const sent = await fetch(urlOf(0, "/v1/images"), { method: "POST", body });
    const { id } = (await sent.json()) as { id: string };
    expect(await ask(0, id)).toBe(200);
    diffusions[1]?.child.kill("SIGKILL");
    for (const gateway of [0, 1, 0]) {
      const refused = await fetch(urlOf(gateway, `/v1/images/${id}`), { method: "DELETE" });
      expect(refused.status).toBe(503);
      expect(await refused.json()).toMatchObject({ code: "unavailable" });
    }
    expect((await fetch(urlOf(0, `/v1/images/${id}`))).status).toBe(200);
  },
);
