import { afterEach, beforeEach, expect, test } from "vitest";
import {
  connectPatiently,
  REDIS_MISSING,
  type RedisServer,
  startRedis,
} from "../testing/redis_server.ts";
import type { CacheConnection } from "./cache_connection.ts";
import { sharedCounts, type SharedCounts } from "./shared_counts.ts";

const NAME = { tenantScope: "a", key: "limit" };
const named = REDIS_MISSING === undefined ? "" : ` (${REDIS_MISSING})`;
const opened: CacheConnection[] = [];
let server: RedisServer;

beforeEach(async () => {
  if (REDIS_MISSING === undefined) server = await startRedis();
});
afterEach(async () => {
  for (const connection of opened.splice(0)) connection.close();
  if (REDIS_MISSING === undefined) await server.kill();
});

/** The counts of another process, once it is connected. */
async function open(): Promise<SharedCounts> {
  const connection = await connectPatiently(server);
  opened.push(connection);
  return sharedCounts(connection);
}

test.skipIf(REDIS_MISSING !== undefined)(
  `two processes that take at the same time take no more than the limit, and no less${named}`,
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

test.skipIf(REDIS_MISSING !== undefined)(
  `what is refused is not counted, so that something smaller still fits${named}`,
  async () => {
    const counts = await open();
    const rule = { limit: 10, windowMs: 60_000 };
    const take = async (amount: number) => (await counts.take(NAME, amount, rule))?.taken;
    expect([await take(8), await take(3), await take(3), await take(2), await take(1)]).toEqual([
      ...[true, false, false, true, false],
    ]);
    expect((await counts.take({ ...NAME, tenantScope: "b" }, 10, rule))?.taken).toBe(true);
  },
);

test.skipIf(REDIS_MISSING !== undefined)(
  `a count begins anew after its window, which its first taking opens${named}`,
  async () => {
    const counts = await open();
    const rule = { limit: 2, windowMs: 60_000 };
    const first = await counts.take(NAME, 1, rule);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await counts.take(NAME, 1, rule);
    // Taking again does not make the window longer.
    expect(second?.waitMs).toBeLessThan(first?.waitMs ?? 0);
    const short = { limit: 2, windowMs: 200 };
    const other = { ...NAME, key: "other" };
    await counts.take(other, 1, short);
    while ((await counts.take(other, 2, short))?.taken !== true) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  },
);

test.skipIf(REDIS_MISSING !== undefined)(
  `a set has room for so many members, each as often as it comes, and shows none of them${named}`,
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
    for (const [key, content] of await server.entries()) {
      expect(`${key} ${content.toString("latin1")}`).not.toContain("canary");
    }
  },
);

test.skipIf(REDIS_MISSING !== undefined)(
  `a server that is gone is no answer, not an error${named}`,
  async () => {
    const counts = await open();
    await server.kill();
    const rule = { limit: 5, windowMs: 60_000, ttlMs: 60_000 };
    expect(await counts.take(NAME, 1, rule)).toBeUndefined();
    expect(await counts.admit(NAME, "member", rule)).toBeUndefined();
  },
);
