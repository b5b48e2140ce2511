import { Redis } from "ioredis";
import { expect } from "vitest";
import { prepareRedis, redisTest } from "../testing/redis_tests.ts";

const redis = prepareRedis();

const CASES = [
  { maxmemory: "0", policy: "noeviction", event: "cache-unbounded", says: /set maxmemory, and/ },
  { maxmemory: "0", policy: "allkeys-lru", event: "cache-unbounded", says: /without a bound/ },
  { maxmemory: "64mb", policy: "noeviction", event: "cache-keeps-all", says: /allkeys-lru$/ },
  { maxmemory: "64mb", policy: "allkeys-lru", event: undefined, says: undefined },
  // All that is shared has a time of its own, so that it can be evicted by this one too.
  { maxmemory: "64mb", policy: "volatile-ttl", event: undefined, says: undefined },
];

for (const { maxmemory, policy, event, says } of CASES) {
  redisTest(
    `at connect a server with maxmemory ${maxmemory} and ${policy} is worth ${event ?? "no warning"}`,
    async () => {
      const client = new Redis(redis.server.url);
      await client.config("SET", "maxmemory", maxmemory);
      await client.config("SET", "maxmemory-policy", policy);
      client.disconnect();
      const warnings: { readonly event: string; readonly hint: string }[] = [];
      const connection = await redis.connect(undefined, {
        warn(fields: object, name: string) {
          warnings.push({ event: name, hint: "", ...fields });
        },
      });
      // One after the other on one connection.
      await connection.ask((each) => each.ping());
      expect(warnings.map((each) => each.event)).toEqual(event === undefined ? [] : [event]);
      for (const { hint } of warnings) expect(hint).toMatch(says ?? "");
    },
  );
}

redisTest("a server that does not tell its bound is used without a warning", async () => {
  const client = new Redis(redis.server.url);
  await client.acl("SETUSER", "default", "-info");
  client.disconnect();
  const warnings: string[] = [];
  const connection = await redis.connect(undefined, {
    warn: (_fields: object, event: string) => void warnings.push(event),
  });
  await connection.ask((each) => each.set("a", "b"));
  expect(warnings).toEqual([]);
});
