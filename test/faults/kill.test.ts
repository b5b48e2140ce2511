import { prepareRedis, redisTest } from "@medv/runtime/testing/redis_tests";
import { until } from "@medv/runtime/testing/until";
import { afterEach, expect, test } from "vitest";
import { ask, drawImage, type Outcome, tally } from "./ask.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { LONG } from "./length.ts";

const redis = prepareRedis();
let cluster: Cluster | undefined;
afterEach(() => cluster?.stop());

const ROUNDS = LONG ? 10 : 1;

test(`of answers whose diffusion service is killed each ends whole or with a clear event and true text, and new ones go on`, async () => {
  cluster = await startCluster({ counts: { diffusion: 2 } });
  const url = cluster.url();
  const victim = cluster.replica("diffusion", 0);
  const long = { genLength: 128 };
  const { text: truth } = await ask(url, long);
  for (let round = 0; round < ROUNDS; round++) {
    const failed: Outcome[] = [];
    while (failed.length === 0) {
      const drafts = Promise.withResolvers<void>();
      let begun = 0;
      const onEvent = (name: string): void => {
        if (name === "answer-start" && ++begun === 6) drafts.resolve();
      };
      const asked = Array.from({ length: 6 }, () => ask(url, { ...long, onEvent }));
      await drafts.promise;
      await victim.kill();
      // Nothing was begun of these when they reach the one that is gone.
      const after = await Promise.all(Array.from({ length: 4 }, () => ask(url)));
      expect(tally(after)).toEqual({ whole: 4 });
      const outcomes = await Promise.all(asked);
      for (const { type, text, code } of outcomes) {
        expect(["whole undefined", "failed unavailable"]).toContain(`${type} ${code}`);
        expect(type === "whole" ? text === truth : truth.startsWith(text)).toBe(true);
      }
      failed.push(...outcomes.filter(({ type }) => type === "failed"));
      await victim.start();
    }
    // The other is ended: only the one that came back can answer.
    await cluster.replica("diffusion", 1).kill();
    await until(async () => (await ask(url)).type === "whole");
    await cluster.replica("diffusion", 1).start();
  }
});

redisTest(
  "questions about images all have their whole answers while a vision service is killed and comes back",
  async () => {
    cluster = await startCluster({
      counts: { vision: 2 },
      settings: { MEDV_CACHE_URL: redis.server.url, MEDV_SECRET: "s".repeat(32) },
    });
    const url = cluster.url();
    const victim = cluster.replica("vision", 0);
    let shade = 0;
    const stopping = new AbortController();
    const outcomes: Outcome[] = [];
    const asking = Array.from({ length: 2 }, async () => {
      while (!stopping.signal.aborted)
        outcomes.push(await ask(url, { image: await drawImage((shade += 3)) }));
    });
    for (let round = 0; round < ROUNDS; round++) {
      const before = outcomes.length;
      await until(() => outcomes.length > before + 2);
      await victim.kill();
      await until(() => outcomes.length > before + 6);
      await victim.start();
    }
    stopping.abort();
    await Promise.all(asking);
    expect(tally(outcomes)).toEqual({ whole: outcomes.length });
    const encodes = victim.lines.length;
    await until(async () => {
      await ask(url, { image: await drawImage((shade += 3)) });
      return victim.lines.slice(encodes).some((line) => line.includes('"encode-end"'));
    });
  },
);
