import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { byteCache } from "./byte_cache.ts";

const sizeOf = (value: Uint8Array): number => value.byteLength;

test("byteCache() drops the value used longest ago when its bytes are spent", () => {
  const cache = byteCache({ maxBytes: 100, ttlSeconds: 60, sizeOf });
  cache.set("a", new Uint8Array(40));
  cache.set("b", new Uint8Array(40));
  cache.get("a");
  cache.set("c", new Uint8Array(40));
  expect(["a", "b", "c"].map((key) => cache.get(key)?.byteLength)).toEqual([40, undefined, 40]);
  expect(cache.bytes).toBe(80);
});

test("byteCache() says that a value larger than itself is not kept", () => {
  const cache = byteCache({ maxBytes: 100, ttlSeconds: 60, sizeOf });
  expect(cache.set("a", new Uint8Array(100))).toBe(true);
  expect(cache.set("b", new Uint8Array(101))).toBe(false);
  expect(cache.get("a")?.byteLength).toBe(100);
});

test("byteCache() forgets a value after its time", async () => {
  const cache = byteCache({ maxBytes: 100, ttlSeconds: 2, sizeOf });
  cache.set("a", new Uint8Array(1));
  expect(cache.get("a")?.byteLength).toBe(1);
  await expect.poll(() => cache.get("a")).toBeUndefined();
});

test("byteCache.fill() keeps what it reads, but not what a deletion may have been about", async () => {
  const cache = byteCache({ maxBytes: 100, ttlSeconds: 60, sizeOf });
  const value = new Uint8Array(1);
  const read = async (): Promise<Uint8Array> => {
    await sleep(20);
    return value;
  };
  expect(await cache.fill("a", read)).toBe(value);
  expect(cache.get("a")).toBe(value);
  for (const deletion of [() => cache.delete("a"), () => cache.clear()]) {
    const filling = cache.fill("a", read);
    deletion();
    expect(await filling).toBe(value);
    expect(cache.get("a")).toBeUndefined();
  }
  const filling = cache.fill("a", read);
  cache.delete("b");
  await filling;
  expect(cache.get("a")).toBe(value);
});
