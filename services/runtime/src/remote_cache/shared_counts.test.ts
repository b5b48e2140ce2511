import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { prepareRedis, redisTest } from "../testing/redis_tests.ts";
import { until } from "../testing/until.ts";
import { sharedCounts, type SharedCounts } from "./shared_counts.ts";

const NAME = { tenantScope: "a", key: "limit" };
const redis = prepareRedis();

/** The counts of another process, once it is connected. */
async function open(): Promise<SharedCounts> {
  return sharedCounts(await redis.connect());
}

redisTest(
  "two processes that take at the same time take no more than the limit, and no less",
  async () => {
    const [first, second] = [await open(), await open()];
    const rule = { limit: 50, windowMs: 60_000 };
    const takings = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        (index % 2 === 0 ? first : second).take(NAME, 1, rule),
      ),
    );
    expect(takings.filter((taking) => taking?.taken === true)).toHaveLength(50);
    for (const taking of takings) expect(taking?.waitMs).toBeLessThanOrEqual(60_000);
  },
);

redisTest("what is refused is not counted, so that something smaller still fits", async () => {
  const counts = await open();
  const rule = { limit: 10, windowMs: 60_000 };
  const take = async (amount: number) => (await counts.take(NAME, amount, rule))?.taken;
  expect([await take(8), await take(3), await take(3), await take(2), await take(1)]).toEqual([
    ...[true, false, false, true, false],
  ]);
  expect((await counts.take({ ...NAME, tenantScope: "b" }, 10, rule))?.taken).toBe(true);
});

redisTest("a count begins anew after its window, which its first taking opens", async () => {
  const counts = await open();
  const rule = { limit: 2, windowMs: 60_000 };
  const first = await counts.take(NAME, 1, rule);
  await sleep(50);
  const second = await counts.take(NAME, 1, rule);
  // Taking again does not make the window longer.
  expect(second?.waitMs).toBeLessThan(first?.waitMs ?? 0);
  const short = { limit: 2, windowMs: 200 };
  const other = { ...NAME, key: "other" };
  await counts.take(other, 1, short);
  await until(
    "the count begins anew",
    async () => (await counts.take(other, 2, short))?.taken === true,
  );
});

redisTest(
  "a set has room for so many members, each as often as it comes, and shows none of them",
  async () => {
    const [first, second] = [await open(), await open()];
    const rule = { limit: 5, ttlMs: 60_000 };
    const members = Array.from({ length: 40 }, (_, index) => `canary-${index % 20}`);
    const answers = await Promise.all(
      members.map((member, index) => (index % 2 === 0 ? first : second).admit(NAME, member, rule)),
    );
    const admitted = new Set(members.filter((_, index) => answers[index] === true));
    expect(admitted.size).toBe(5);
    for (const member of admitted) expect(await first.admit(NAME, member, rule)).toBe(true);
    for (const [key, content] of await redis.server.entries()) {
      expect(`${key} ${content.toString("latin1")}`).not.toContain("canary");
    }
  },
);

redisTest("a server that is gone is no answer, not an error", async () => {
  const counts = await open();
  await redis.server.kill();
  const rule = { limit: 5, windowMs: 60_000, ttlMs: 60_000 };
  expect(await counts.take(NAME, 1, rule)).toBeUndefined();
  expect(await counts.admit(NAME, "member", rule)).toBeUndefined();
});
