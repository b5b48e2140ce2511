import { randomBytes } from "node:crypto";
import { REDIS_MISSING, type RedisServer, startRedis } from "@medv/runtime/testing/redis_server";
import { until } from "@medv/runtime/testing/until";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readMetric } from "../read_metric.ts";
import { ask, drawImage } from "./ask.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { LONG } from "./length.ts";
import { type Network, startNetwork } from "./network.ts";
import { allNumbers, handlesBack } from "./process_numbers.ts";

const named = REDIS_MISSING === undefined ? "" : ` (${REDIS_MISSING})`;

test.runIf(LONG)("the long version has a server to make fail", () => {
  expect(REDIS_MISSING).toBeUndefined();
});

describe.skipIf(REDIS_MISSING !== undefined)(`a shared cache that fails${named}`, () => {
  let redis: RedisServer;
  let network: Network;
  let cluster: Cluster;
  let shade = 0;

  beforeAll(async () => {
    redis = await startRedis();
    network = await startNetwork(Number(new URL(redis.url).port));
    cluster = await startCluster({
      settings: {
        MEDV_CACHE_URL: `redis://127.0.0.1:${network.port}`,
        MEDV_SECRET: "s".repeat(32),
      },
    });
  });
  afterAll(async () => {
    await cluster.stop();
    await network.stop();
    await redis.kill();
  });

  /** What was said of each image. */
  const texts = new Map<string, string>();

  /** Asks about an image that nobody has seen, then again. */
  async function twice(): Promise<readonly string[]> {
    const image = await drawImage((shade += 3));
    const first = await ask(cluster.url(), { image });
    texts.set(image, first.text);
    const second = await ask(cluster.url(), { image });
    return [first.type, second.type, String(first.text === second.text)];
  }

  const WELL = ["whole", "whole", "true"];

  /** Asks until the cache is used: a process that could not reach it a moment ago leaves it alone for a while. */
  async function untilUsed(): Promise<void> {
    const before = (await redis.entries()).size;
    await until("the cache is used", async () => {
      expect(await twice()).toEqual(WELL);
      return (await redis.entries()).size > before;
    });
  }

  test("a decoder that has forgotten an embedding finds it in the cache, and says so", async () => {
    await untilUsed();
    expect(await twice()).toEqual(WELL);
    const diffusion = cluster.replica("diffusion");
    expect(await diffusion.stop()).toBe(0);
    await diffusion.start();
    const [image = "", text] = [...texts].at(-1) ?? [];
    for (let i = 0; i < 2; i++) {
      expect(await ask(cluster.url(), { image })).toMatchObject({ type: "whole", text });
    }
    const lookups = (origin: string): Promise<number> =>
      readMetric(
        diffusion.metricsUrl,
        `medv_diffusion_embedding_lookups_total{origin="${origin}"}`,
      );
    expect([await lookups("shared_cache"), await lookups("memory")]).toEqual([1, 1]);
    expect(await lookups("pulled")).toBeNaN();
  });

  test.each(["slow", "blackhole", "reset"] as const)(
    "answers go on while the way to it is $0; afterwards it is used again, and nothing is left over",
    async (fault) => {
      await untilUsed();
      const before = await allNumbers(cluster);
      network.set(fault);
      for (let i = 0; i < 3; i++) expect(await twice()).toEqual(WELL);
      network.set("none");
      await untilUsed();
      await handlesBack(cluster, before);
    },
  );

  test("garbage in it is found by its digest, and the answers are the same", async () => {
    await untilUsed();
    expect((await redis.entries()).size).toBeGreaterThan(2);
    const client = new Redis(redis.url);
    for (const [key, value] of await redis.entries()) {
      if (/:\d+$/.test(key)) await client.set(key, randomBytes(value.length));
    }
    client.disconnect();
    // What they have in memory is gone; the cache is all that is left.
    for (const replica of cluster.replicas) {
      expect(await replica.stop()).toBe(0);
      await replica.start();
    }
    const before = [...texts];
    await untilUsed();
    for (const [image, text] of before) {
      expect(await ask(cluster.url(), { image })).toMatchObject({ type: "whole", text });
    }
    // A log comes by a way of its own.
    await until("the garbage is logged", () => cluster.events("cache-seal").length > 0);
  });

  test("answers go on while it is full, and when it is gone", async () => {
    expect(await twice()).toEqual(WELL);
    await configure(redis.url, "maxmemory", "1");
    for (let i = 0; i < 3; i++) expect(await twice()).toEqual(WELL);
    await redis.kill();
    for (let i = 0; i < 3; i++) expect(await twice()).toEqual(WELL);
  });
});

async function configure(url: string, name: string, value: string): Promise<void> {
  const client = new Redis(url);
  await client.config("SET", name, value);
  client.disconnect();
}
