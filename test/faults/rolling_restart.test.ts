import { prepareRedis, redisTest } from "@medv/runtime/testing/redis_tests";
import { until } from "@medv/runtime/testing/until";
import { expect } from "vitest";
import { ask, drawImage, type Outcome, type Question, tally } from "./ask.ts";
import { startCluster } from "./cluster.ts";
import { LONG } from "./length.ts";

const redis = prepareRedis();
const ROUNDS = LONG ? 10 : 1;

redisTest(
  `no request fails and no stream is cut while every replica of every process is restarted, ${LONG ? "ten times" : "once"}`,
  async ({ annotate }) => {
    const cluster = await startCluster({
      counts: { vision: 2, diffusion: 2, gateway: 2 },
      settings: { MEDV_CACHE_URL: redis.server.url, MEDV_SECRET: "s".repeat(32) },
    });
    redis.cleanUp(() => cluster.stop());
    const images = await Promise.all(Array.from({ length: 4 }, (_, index) => drawImage(index * 9)));
    const questions: readonly Question[] = [undefined, ...images].map((image) => ({
      image,
      genLength: 32,
    }));
    const truths = new Map<string | undefined, string>();
    for (const question of questions) {
      truths.set(question.image, (await ask(cluster.url(0), question)).text);
    }

    // Stands for the load balancer, which sends nothing to a gateway that is about to stop.
    const rotation = new Set([0, 1]);
    /** Of each gateway, the questions that it may not have heard of yet. */
    const unheard = [new Set<Promise<void>>(), new Set<Promise<void>>()] as const;
    let asked = 0;
    const stopping = new AbortController();
    const outcomes: Outcome[] = [];
    const wrong: string[] = [];
    const asking = Array.from({ length: 3 }, async () => {
      while (!stopping.signal.aborted) {
        const question = questions[asked++ % questions.length] ?? {};
        const gateways = [...rotation];
        const gateway = gateways[asked % gateways.length] ?? 0;
        const heard = Promise.withResolvers<void>();
        unheard[gateway]?.add(heard.promise);
        const onEvent = (): void => heard.resolve();
        const outcome = await ask(cluster.url(gateway), { ...question, onEvent });
        heard.resolve();
        unheard[gateway]?.delete(heard.promise);
        outcomes.push(outcome);
        if (outcome.text !== truths.get(question.image)) wrong.push(outcome.text);
      }
    });
    const progress = async (): Promise<void> => {
      const before = outcomes.length;
      await until("more answers end", () => outcomes.length > before + 3);
    };
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of ["vision", "diffusion", "gateway"] as const) {
        for (const index of [0, 1] as const) {
          await progress();
          const replica = cluster.replica(name, index);
          if (name === "gateway") {
            rotation.delete(index);
            // As the pod's preStop hook waits until every caller knows.
            await Promise.all(unheard[index]);
          }
          expect(await replica.stop()).toBe(0);
          await replica.start();
          if (name === "gateway") {
            const ready = `http://127.0.0.1:${replica.port}/readyz`;
            await until("the gateway is ready", async () => (await fetch(ready)).ok);
            rotation.add(index);
          }
        }
      }
    }
    await progress();
    stopping.abort();
    await Promise.all(asking);
    await annotate(
      JSON.stringify({ rounds: ROUNDS, outcomes: tally(outcomes), wrong: wrong.length }),
    );
    expect(tally(outcomes)).toEqual({ whole: outcomes.length });
    expect(wrong).toEqual([]);
  },
);
