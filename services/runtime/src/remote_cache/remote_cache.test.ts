import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { prepareRedis, redisTest } from "../testing/redis_tests.ts";
import { until } from "../testing/until.ts";
import { remoteCacheOf } from "./cache_settings.ts";
import { remoteCache, type RemoteCache } from "./remote_cache.ts";

const NAME = { tenantScope: "a", key: "embedding/1" };
const redis = prepareRedis();

/** A cache, once it is connected. */
async function open(key?: Uint8Array, warnings: string[] = []): Promise<RemoteCache> {
  const warn = (_fields: object, event: string): void => void warnings.push(event);
  const connection = await redis.connect(key, { warn });
  warnings.length = 0;
  return remoteCache(connection);
}

/** Overwrites what the server keeps, as somebody who can reach it may do. */
async function overwrite(key: string, value: Buffer): Promise<void> {
  const client = new Redis(redis.server.url);
  await client.set(key, value);
  client.disconnect();
}

for (const bytes of [0, 1, 512 << 10, (512 << 10) + 1, 5_000_001]) {
  redisTest(
    `a value of ${bytes} bytes is there for another process, in chunks that end`,
    async () => {
      const value = randomBytes(bytes);
      await (await open()).set(NAME, value, 60);
      expect(Buffer.from((await (await open()).get(NAME)) ?? "none").equals(value)).toBe(true);
      const entries = await redis.server.entries();
      expect(Math.max(...[...entries.values()].map(({ length }) => length))).toBeLessThanOrEqual(
        512 << 10,
      );
      const client = new Redis(redis.server.url);
      for (const key of entries.keys()) expect(await client.pttl(key)).toBeGreaterThan(0);
      client.disconnect();
    },
  );
}

redisTest("nothing is left of a value that was written twice and deleted", async () => {
  const cache = await open();
  await cache.set(NAME, randomBytes(1_200_000), 60);
  await cache.set(NAME, randomBytes(600_000), 60);
  expect((await redis.server.entries()).size).toBe(3);
  const unfinished = cache.set(NAME, randomBytes(600_000), 60);
  await cache.delete(NAME);
  await unfinished;
  expect((await redis.server.entries()).size).toBe(0);
  expect(await cache.get(NAME)).toBeUndefined();
});

redisTest("a value larger than the bound is left out", async () => {
  const cache = await open();
  await cache.set(NAME, new Uint8Array((64 << 20) + 1), 60);
  expect((await redis.server.entries()).size).toBe(0);
  // Others are still kept.
  await cache.set(NAME, new Uint8Array(9), 60);
  expect(await cache.get(NAME)).toHaveLength(9);
});

const DAMAGES = [
  { what: "a flipped bit", of: ":0", change: (stored: Buffer) => flipLast(stored) },
  { what: "garbage", of: ":0", change: () => randomBytes(600_000) },
  { what: "a shorter chunk", of: ":1", change: (stored: Buffer) => stored.subarray(1) },
  { what: "a head of other words", of: "}", change: () => Buffer.from("no head at all") },
  { what: "a head with a billion chunks", of: "}", change: () => Buffer.from("a 1000000000") },
];

for (const { what, of, change } of DAMAGES) {
  redisTest(`${what} in a plain value makes it missing`, async () => {
    const cache = await open();
    await cache.set(NAME, randomBytes(600_000), 60);
    const [key = "", stored = Buffer.alloc(0)] =
      [...(await redis.server.entries())].find(([each]) => each.endsWith(of)) ?? [];
    expect(stored.length).toBeGreaterThan(0);
    await overwrite(key, change(stored));
    expect(await cache.get(NAME)).toBeUndefined();
  });
}

function flipLast(stored: Buffer): Buffer {
  const changed = Buffer.from(stored);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  return changed;
}

redisTest(
  "with a key nothing readable is stored, and it cannot be moved to another tenant",
  async () => {
    const key = randomBytes(32);
    const warnings: string[] = [];
    const cache = await open(key, warnings);
    const value = Buffer.from("CANARY".repeat(100));
    await cache.set(NAME, value, 60);
    const stored = await redis.server.entries();
    for (const each of stored.values()) expect(each.includes("CANARY")).toBe(false);
    for (const each of stored.keys()) expect(each).not.toContain(NAME.key);
    expect(Buffer.from((await cache.get(NAME)) ?? "").equals(value)).toBe(true);

    // Somebody who can write to the server puts the entry in the place of another tenant's.
    const other = { ...NAME, tenantScope: "b" };
    await cache.set(other, Buffer.from("theirs"), 60);
    const after = await redis.server.entries();
    const moved = [...after.keys()].find((each) => !stored.has(each) && each.endsWith(":0")) ?? "";
    const from = [...stored].find(([each]) => each.endsWith(":0"))?.[1] ?? Buffer.alloc(0);
    await overwrite(moved, from);
    expect(await cache.get(other)).toBeUndefined();
    expect(await (await open(randomBytes(32))).get(NAME)).toBeUndefined();
    expect(warnings).toEqual(["cache-seal"]);
  },
);

redisTest("a server that is killed costs no error, and is used again when it is back", async () => {
  const warnings: string[] = [];
  const cache = await open(undefined, warnings);
  await cache.set(NAME, new Uint8Array(9), 60);
  await redis.server.kill();
  const all = Array.from({ length: 50 }, async (_, index) => {
    await cache.set({ ...NAME, key: String(index) }, new Uint8Array(9), 60);
    return await cache.get(NAME);
  });
  expect(new Set(await Promise.all(all))).toEqual(new Set([undefined]));
  await expect(cache.delete(NAME)).rejects.toMatchObject({ code: "unavailable" });
  expect(warnings).toContain("cache-error");
  await redis.restart();
  await until("the cache is used again", async () => {
    await cache.set(NAME, new Uint8Array(9), 60);
    return (await cache.get(NAME)) !== undefined;
  });
});

test.each([
  { cacheUrl: undefined, cacheKey: Buffer.alloc(31).toString("base64") },
  { cacheUrl: "redis://127.0.0.1", cacheKey: "secret" },
])("remoteCacheOf() refuses a key of another length, without telling it", (values) => {
  expect(() => remoteCacheOf(values)).toThrow("Cannot read MEDV_CACHE_KEY as it must be 32 bytes");
  expect(() => remoteCacheOf(values)).not.toThrow(values.cacheKey);
});
