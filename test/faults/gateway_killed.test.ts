import { prepareRedis, redisTest } from "@medv/runtime/testing/redis_tests";
import { until } from "@medv/runtime/testing/until";
import { expect } from "vitest";
import { readMetric } from "../read_metric.ts";
import { ask, drawImage, follow } from "./ask.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { LONG } from "./length.ts";

const redis = prepareRedis();
const ROUNDS = LONG ? 10 : 2;

redisTest(
  `an answer whose gateway is killed goes on at another, ${ROUNDS} times: no event is lost or doubled, and its text is that of an answer that nothing happened to`,
  async ({ annotate }) => {
    const cluster = await startCluster({
      counts: { gateway: 2 },
      settings: { MEDV_CACHE_URL: redis.server.url, MEDV_SECRET: "s".repeat(32) },
    });
    redis.cleanUp(() => cluster.stop());
    const victim = cluster.replica("gateway", 0);
    const other = cluster.replica("gateway", 1);
    const took: number[] = [];
    let alone = 0;
    for (let round = 0; took.length < ROUNDS && round < 3 * ROUNDS; round++) {
      await untilShared(cluster);
      const question = { image: await drawImage(20 * round), genLength: 128, seed: round };
      const truth = await ask(cluster.url(1), question);
      expect(truth.type).toBe("whole");
      let deltas = 0;
      let killed: Promise<void> | undefined;
      const onEvent = (name: string): void => {
        if (name === "text-delta") deltas += 1;
        if (deltas === 2 + (round % 4)) killed ??= victim.kill();
      };
      const begun = await ask(cluster.url(0), { ...question, goesOn: true, onEvent });
      expect(begun.type).toBe("cut");
      await killed;
      const rest = await follow(cluster.url(1), begun.ids.at(-1) ?? "");
      if (begun.ids.at(-1)?.endsWith("a") === true) {
        // The cache was too slow just then, and the event was given out without it: a clear error, and no other text.
        expect([rest.type, rest.code]).toEqual(["refused", "unavailable"]);
        alone += 1;
        await victim.start();
        continue;
      }
      expect([rest.type, rest.code, begun.text + rest.text]).toEqual([
        "whole",
        undefined,
        truth.text,
      ]);
      const numbers = [...begun.ids, ...rest.ids].map((id) => Number(id.split(".")[1]));
      expect(numbers).toEqual(numbers.map((_, index) => index));
      // Who comes later has the same, from the gateway that goes on with it.
      const again = await follow(cluster.url(1), `${begun.ids[0]}`);
      expect([again.type, again.text]).toEqual(["whole", truth.text]);
      took.push(Math.round(rest.ms));
      await victim.start();
    }
    expect({ took: took.length, alone }).toMatchObject({ took: ROUNDS });
    expect(await readMetric(other.metricsUrl, "medv_gateway_asked_again_total")).toBe(ROUNDS);
    await annotate(JSON.stringify({ rounds: ROUNDS, alone, tookMs: took }));
    expect(cluster.errors()).toEqual([]);
  },
);

/** Waits until an answer of the first gateway is known at the other: one that has just started may not have the cache yet. */
async function untilShared(cluster: Cluster): Promise<void> {
  await until("an answer of one gateway is known at the other", async () => {
    const { ids } = await ask(cluster.url(0), { genLength: 8, goesOn: true });
    return (await follow(cluster.url(1), ids[0] ?? "")).type === "whole";
  });
}
