import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { prepareRedis, redisTest } from "../testing/redis_tests.ts";
import { sharedLogs, type SharedLogs } from "./shared_logs.ts";

const redis = prepareRedis();

const NAME = { tenantScope: "a", key: "log" };
const TIMES = { ttlMs: 60_000, holdMs: 300 };

async function open(): Promise<SharedLogs> {
  return sharedLogs(await redis.connect(new Uint8Array(32)));
}

redisTest(
  "a log whose writer is gone is taken by one of all who try, and the writer is refused when it comes back",
  async () => {
    const [first, ...others] = [await open(), await open(), await open(), await open()];
    const part = { writer: "first", from: 0, values: [Buffer.from("zero"), Buffer.from("one")] };
    const held = { ...TIMES, holdMs: 60_000 };
    expect(await first.write(NAME, part, held)).toMatchObject({ length: 2, isTaken: false });
    const takeAll = async (): Promise<number> => {
      const states = others.map(async (logs, index) => logs.take(NAME, `${index}`, TIMES));
      return (await Promise.all(states)).filter((state) => state?.isTaken === false).length;
    };
    expect(await takeAll()).toBe(0);
    await first.write(NAME, { ...part, from: 2, values: [] }, TIMES);
    await sleep(2 * TIMES.holdMs);
    expect(await takeAll()).toBe(1);
    // Also once the other has written all, and shows itself no more.
    await sleep(2 * TIMES.holdMs);
    const late = { writer: "first", from: 1, values: [Buffer.from("other")] };
    expect(await first.write(NAME, late, TIMES)).toMatchObject({ isTaken: true });
    const { values } = (await others[0]?.read(NAME, 0)) ?? {};
    expect(values?.map((value) => Buffer.from(value).toString())).toEqual(["zero", "one"]);
  },
);

redisTest("a log that nobody began, or that was lost, cannot be taken", async () => {
  const logs = await open();
  expect(await logs.take(NAME, "a", TIMES)).toMatchObject({ isTaken: true });
});

redisTest("who takes a log learns that its writer was asked to stop", async () => {
  const logs = await open();
  await logs.write(NAME, { writer: "first", from: 0, values: [] }, TIMES);
  await logs.askToStop(NAME, TIMES.ttlMs);
  await sleep(2 * TIMES.holdMs);
  expect(await logs.take(NAME, "a", TIMES)).toMatchObject({ isTaken: false, isStopAsked: true });
});
