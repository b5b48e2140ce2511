import { expect, test } from "vitest";
import { byteCache } from "./byte_cache.ts";

const options = { maxBytes: 100, ttlSeconds: 60, sizeOf: (value: Uint8Array) => value.byteLength };

test("byteCache() drops the least recently used value when the bytes run out", () => {
  const cache = byteCache(options);
  cache.set("a", new Uint8Array(40)).set("b", new Uint8Array(40));
  cache.get("a");
  cache.set("c", new Uint8Array(40));
  expect([...cache.keys()].toSorted()).toEqual(["a", "c"]);
  expect(cache.calculatedSize).toBe(80);
});

test("byteCache() does not keep a value larger than itself, and keeps the others", () => {
  const cache = byteCache(options);
  cache.set("a", new Uint8Array(40)).set("big", new Uint8Array(101));
  expect([...cache.keys()]).toEqual(["a"]);
});
