import { prepareRedis, redisTest } from "@medv/runtime/testing/redis_tests";
import { until } from "@medv/runtime/testing/until";
import { expect } from "vitest";
import { ask, drawImage } from "./ask.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { LONG } from "./length.ts";

const redis = prepareRedis();
const ROUNDS = LONG ? 10 : 2;
/** What is done in each state of the cache. */
const DONE = LONG ? 60 : 12;

redisTest(
  `no upload, question by image id or keyed answer of two gateways fails while the shared cache is killed and started again, ${ROUNDS} times`,
  async ({ annotate }) => {
    const cluster = await startCluster({
      counts: { gateway: 2 },
      settings: { MEDV_CACHE_URL: redis.server.url, MEDV_SECRET: "s".repeat(32) },
    });
    redis.cleanUp(() => cluster.stop());
    await untilShared(cluster);
    let turn = 0;
    let done = 0;
    const failed: string[] = [];
    const stopping = new AbortController();
    const asking = Array.from({ length: 4 }, async () => {
      while (!stopping.signal.aborted) {
        const [what, work] = WORK[turn % WORK.length] ?? WORK[0];
        const said = await work(cluster, turn++);
        if (said !== "well") failed.push(`${what}: ${said}`);
        done += 1;
      }
    });
    const progress = async (): Promise<void> => {
      const before = done;
      await until("more work is done", () => done >= before + DONE);
    };
    for (let round = 0; round < ROUNDS; round++) {
      await progress();
      const before = cluster.replicas.map(({ lines }) => lines.length);
      await redis.server.kill();
      await progress();
      // Each of the processes had it in use.
      await until("each process has noticed that the cache is gone", () =>
        cluster.replicas.every(({ lines }, index) =>
          lines.slice(before[index]).some((line) => line.includes('"cache-error"')),
        ),
      );
      await redis.restart();
      await progress();
      await untilShared(cluster);
    }
    stopping.abort();
    await Promise.all(asking);
    await annotate(JSON.stringify({ rounds: ROUNDS, done, failed: failed.length }));
    expect(failed).toEqual([]);
    expect(cluster.errors()).toEqual([]);
  },
);

/** What is asked in turn; each says "well" or what was wrong. */
const WORK: readonly [Work, ...Work[]] = [
  ["image id", askById],
  ["key at one gateway", (cluster, turn) => askTwice(cluster, turn, [turn % 2, turn % 2])],
  ["key at both gateways", (cluster, turn) => askTwice(cluster, turn, [0, 1])],
];

type Work = readonly [what: string, work: (cluster: Cluster, turn: number) => Promise<string>];

/** Sends an image and asks about it where it was sent. */
async function askById(cluster: Cluster, turn: number): Promise<string> {
  const url = cluster.url(turn % 2);
  const id = await upload(url, turn);
  if (!id.startsWith("img_")) return id;
  const answers = [1, 2].map(async () => ask(url, { image: `medv-image:${id}` }));
  for (const { type, status, code } of await Promise.all(answers)) {
    if (type !== "whole") return [type, status, code].join(" ");
  }
  return "well";
}

/** Asks twice at once under one key; each time for an answer that nobody else has asked for. */
async function askTwice(
  cluster: Cluster,
  turn: number,
  gateways: readonly number[],
): Promise<string> {
  const question = { idempotencyKey: crypto.randomUUID(), seed: turn, genLength: 32 };
  const both = await Promise.all(gateways.map((index) => ask(cluster.url(index), question)));
  for (const { type, status, code } of both) {
    if (type !== "whole") return [type, status, code].join(" ");
  }
  return both[0]?.text === both[1]?.text ? "well" : "two texts";
}

/** The id of an image that nobody has sent; or why there is none. */
async function upload(url: string, shade: number): Promise<string> {
  const [, base64 = ""] = (await drawImage(shade)).split(",");
  const body = Buffer.from(base64, "base64");
  const headers = { connection: "close" };
  try {
    const response = await fetch(`${url}/v1/images`, { method: "POST", headers, body });
    const { id, code } = (await response.json()) as { id?: string; code?: string };
    return id ?? `refused ${response.status} ${code}`;
  } catch {
    return "cut";
  }
}

/** Waits until what one gateway takes is known to the other. */
async function untilShared(cluster: Cluster): Promise<void> {
  await until("one gateway knows what the other took", async () => {
    const id = await upload(cluster.url(0), 5);
    const known = await fetch(`${cluster.url(1)}/v1/images/${id}`, {
      headers: { connection: "close" },
    });
    await known.text();
    return known.ok;
  });
}
