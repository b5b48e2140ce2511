import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { REDIS_MISSING, type RedisServer, startRedis } from "../testing/redis_server.ts";
import { remoteCacheOf } from "./cache_settings.ts";
import { openRemoteCache, type RemoteCache } from "./remote_cache.ts";

const NAME = { tenantScope: "a", key: "embedding/1" };
const opened: RemoteCache[] = [];
let server: RedisServer;

beforeEach(async () => {
  if (REDIS_MISSING === undefined) server = await startRedis();
});
afterEach(async () => {
  for (const cache of opened.splice(0)) cache.close();
  if (REDIS_MISSING === undefined) await server.kill();
});

/** A cache, once it is connected. */
async function open(key?: Uint8Array, warnings: string[] = []): Promise<RemoteCache> {
  const cache = openRemoteCache(
    { url: server.url, key },
    { warn: (_fields, event) => void warnings.push(event) },
  );
  opened.push(cache);
  await until(async () => {
    await cache.set({ tenantScope: "probe", key: "probe" }, new Uint8Array(1), 60);
    return (await cache.get({ tenantScope: "probe", key: "probe" })) !== undefined;
  });
  await cache.delete({ tenantScope: "probe", key: "probe" });
  warnings.length = 0;
  return cache;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

const named = REDIS_MISSING === undefined ? "" : ` (${REDIS_MISSING})`;

test.skipIf(REDIS_MISSING !== undefined).each([0, 1, 512 << 10, (512 << 10) + 1, 5_000_001])(
  `a value of %i bytes is there for another process, in chunks that end${named}`,
  async (bytes) => {
    const value = randomBytes(bytes);
    await (await open()).set(NAME, value, 60);
    expect(Buffer.from((await (await open()).get(NAME)) ?? "none").equals(value)).toBe(true);
    const entries = await server.entries();
    expect(Math.max(...[...entries.values()].map(({ length }) => length))).toBeLessThanOrEqual(
      512 << 10,
    );
    const { Redis } = await import("ioredis");
    const redis = new Redis(server.url);
    for (const key of entries.keys()) expect(await redis.pttl(key)).toBeGreaterThan(0);
    redis.disconnect();
  },
);

test.skipIf(REDIS_MISSING !== undefined)(
  `nothing is left of a value that was written twice and deleted${named}`,
  async () => {
    const cache = await open();
    await cache.set(NAME, randomBytes(1_200_000), 60);
    await cache.set(NAME, randomBytes(600_000), 60);
    expect((await server.entries()).size).toBe(3);
    const unfinished = cache.set(NAME, randomBytes(600_000), 60);
    await cache.delete(NAME);
    await unfinished;
    expect((await server.entries()).size).toBe(0);
    expect(await cache.get(NAME)).toBeUndefined();
  },
);

test.skipIf(REDIS_MISSING !== undefined)(
  `a value larger than the bound is left out${named}`,
  async () => {
    const cache = await open();
    await cache.set(NAME, new Uint8Array((64 << 20) + 1), 60);
    expect((await server.entries()).size).toBe(0);
  },
);

test.skipIf(REDIS_MISSING !== undefined).each([
  { what: "a flipped bit", of: ":0", change: (stored: Buffer) => flipLast(stored) },
  { what: "garbage", of: ":0", change: () => randomBytes(600_000) },
  { what: "a shorter chunk", of: ":1", change: (stored: Buffer) => stored.subarray(1) },
  { what: "a head of other words", of: "}", change: () => Buffer.from("no head at all") },
  { what: "a head with a billion chunks", of: "}", change: () => Buffer.from("a 1000000000") },
])(`$what in a plain value makes it missing${named}`, async ({ of, change }) => {
  const cache = await open();
  await cache.set(NAME, randomBytes(600_000), 60);
  const [key = "", stored = Buffer.alloc(0)] =
    [...(await server.entries())].find(([each]) => each.endsWith(of)) ?? [];
  const { Redis } = await import("ioredis");
  const redis = new Redis(server.url);
  await redis.set(key, change(stored));
  redis.disconnect();
  expect(await cache.get(NAME)).toBeUndefined();
});

function flipLast(stored: Buffer): Buffer {
  const changed = Buffer.from(stored);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  return changed;
}

test.skipIf(REDIS_MISSING !== undefined)(
  `with a key nothing readable is stored, and it cannot be moved to another tenant${named}`,
  async () => {
    const key = randomBytes(32);
    const warnings: string[] = [];
    const cache = await open(key, warnings);
    const value = Buffer.from("CANARY".repeat(100));
    await cache.set(NAME, value, 60);
    const stored = await server.entries();
    for (const each of stored.values()) expect(each.includes("CANARY")).toBe(false);
    for (const each of stored.keys()) expect(each).not.toContain(NAME.key);
    expect(Buffer.from((await cache.get(NAME)) ?? "").equals(value)).toBe(true);

    // Somebody who can write to the server puts the entry in the place of another tenant's.
    const other = { ...NAME, tenantScope: "b" };
    await cache.set(other, Buffer.from("theirs"), 60);
    const after = await server.entries();
    const moved = [...after.keys()].find((each) => !stored.has(each) && each.endsWith(":0")) ?? "";
    const from = [...stored].find(([each]) => each.endsWith(":0"))?.[1] ?? Buffer.alloc(0);
    const { Redis } = await import("ioredis");
    const redis = new Redis(server.url);
    await redis.set(moved, from);
    redis.disconnect();
    expect(await cache.get(other)).toBeUndefined();
    expect(await (await open(randomBytes(32))).get(NAME)).toBeUndefined();
    expect(warnings).toEqual(["cache-seal"]);
  },
);

test.skipIf(REDIS_MISSING !== undefined)(
  `a server that is killed costs no error, and is used again when it is back${named}`,
  async () => {
    const warnings: string[] = [];
    const cache = await open(undefined, warnings);
    await cache.set(NAME, new Uint8Array(9), 60);
    await server.kill();
    const all = Array.from({ length: 50 }, async (_, index) => {
      await cache.set({ ...NAME, key: String(index) }, new Uint8Array(9), 60);
      return await cache.get(NAME);
    });
    expect(new Set(await Promise.all(all))).toEqual(new Set([undefined]));
    await expect(cache.delete(NAME)).rejects.toMatchObject({ code: "unavailable" });
    expect(warnings).toContain("cache-error");
    server = await startRedis(Number(new URL(server.url).port));
    await until(async () => {
      await cache.set(NAME, new Uint8Array(9), 60);
      return (await cache.get(NAME)) !== undefined;
    });
  },
);

test.each([
  { cacheUrl: undefined, cacheKey: Buffer.alloc(31).toString("base64") },
  { cacheUrl: "redis://127.0.0.1", cacheKey: "secret" },
])("remoteCacheOf() refuses a key of another length, without telling it", (values) => {
  expect(() => remoteCacheOf(values)).toThrow("Cannot read MEDV_CACHE_KEY as it must be 32 bytes");
  expect(() => remoteCacheOf(values)).not.toThrow(values.cacheKey);
});
