import { prepareRedis, redisTest } from "@medv/runtime/testing/redis_tests";
import { until } from "@medv/runtime/testing/until";
import { afterEach, expect, test } from "vitest";
import { readMetric } from "../read_metric.ts";
import { ask, drawImage, follow, type Outcome, tally } from "./ask.ts";
import { type Cluster, type Replica, startCluster } from "./cluster.ts";
import { LONG } from "./length.ts";
import { allNumbers, handlesBack } from "./process_numbers.ts";

const redis = prepareRedis();
let cluster: Cluster | undefined;
afterEach(() => cluster?.stop());

const ROUNDS = LONG ? 10 : 1;
const QUESTIONS = 12;
const ANSWER = { genLength: 64 };

test("of answers whose diffusion service is killed those without a draft end whole elsewhere, the others whole or with a clear event and true text, and new ones go on", async ({
  annotate,
}) => {
  // Each replica runs one answer at a time, so that others wait there for their first run.
  cluster = await startCluster({
    counts: { diffusion: 2 },
    settings: { MEDV_MAX_BATCH_ROWS: "1" },
  });
  const url = cluster.url();
  const { metricsUrl } = cluster.replica("gateway");
  const askedAgain = (): Promise<number> =>
    readMetric(metricsUrl, "medv_gateway_asked_again_total");
  const victim = cluster.replica("diffusion", 0);
  const { text: truth } = await ask(url, ANSWER);
  const all: Outcome[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = await askedAgain();
    expect(before).not.toBeNaN();
    const failed: Outcome[] = [];
    while (failed.length === 0 || (await askedAgain()) === before) {
      const left = await leave(url);
      const asked = await askMany(url);
      await victim.kill();
      // Nothing was begun of these when they reach the one that is gone.
      const after = await Promise.all(Array.from({ length: 4 }, () => ask(url)));
      expect(tally(after)).toEqual({ whole: 4 });
      const rest = await follow(url, left.lastEventId ?? "");
      const resumed = { ...rest, text: left.text + rest.text, hasDraft: true };
      const outcomes = [resumed, ...(await Promise.all(asked))];
      for (const { type, text, code, hasDraft } of outcomes) {
        expect(["whole undefined", "failed unavailable"]).toContain(`${type} ${code}`);
        expect(type === "whole" ? text === truth : hasDraft && truth.startsWith(text)).toBe(true);
      }
      all.push(...outcomes, ...after);
      failed.push(...outcomes.filter(({ type }) => type === "failed"));
      await victim.start();
    }
    const again = await Promise.all(failed.map(() => ask(url, ANSWER)));
    for (const { type, text } of again) expect([type, text]).toEqual(["whole", truth]);
    // The other is ended: only the one that came back can answer.
    const other = cluster.replica("diffusion", 1);
    await other.kill();
    await until("the one that came back answers", async () => (await ask(url)).type === "whole");
    await other.start();
    // The gateway may still wait before it tries its address again, and the next round leaves it no other one.
    const known = answersOf(other);
    await until(
      "the other is asked again",
      async () => (await ask(url)).type === "whole" && answersOf(other) > known,
    );
  }
  await annotate(
    JSON.stringify({ rounds: ROUNDS, outcomes: tally(all), askedAgain: await askedAgain() }),
  );
});

function answersOf({ lines }: Replica): number {
  return lines.filter((line) => line.includes('"answer-end"')).length;
}

/** Asks for an answer that goes on, and goes away at its first draft. */
async function leave(url: string): Promise<Outcome> {
  const reader = new AbortController();
  const onEvent = (name: string): void => {
    if (name === "block-draft") reader.abort();
  };
  return await ask(url, { ...ANSWER, goesOn: true, onEvent, signal: reader.signal });
}

/** Asks all; resolves when all have started and the first of them are being uncovered. */
async function askMany(url: string): Promise<readonly Promise<Outcome>[]> {
  const started = Promise.withResolvers<void>();
  const seen = { starts: 0, drafts: 0 };
  const asked = Array.from({ length: QUESTIONS }, () => {
    let hasDraft = false;
    const onEvent = (name: string): void => {
      if (name === "answer-start") seen.starts += 1;
      if (name === "block-draft" && !hasDraft) {
        hasDraft = true;
        seen.drafts += 1;
      }
      if (seen.starts === QUESTIONS && seen.drafts >= 2) started.resolve();
    };
    return ask(url, { ...ANSWER, onEvent });
  });
  await started.promise;
  return asked;
}

redisTest(
  "questions about images all have their whole answers where a vision service is killed that encodes some of them, and it comes back",
  async ({ annotate }) => {
    cluster = await startCluster({
      counts: { vision: 2 },
      settings: { MEDV_CACHE_URL: redis.server.url, MEDV_SECRET: "s".repeat(32) },
    });
    const url = cluster.url();
    const [victim, other] = [cluster.replica("vision", 0), cluster.replica("vision", 1)];
    let shade = 0;
    const askAnew = async (): Promise<Outcome> =>
      await ask(url, { image: await drawImage((shade += 3)) });
    const encodes = ({ lines }: typeof victim): number =>
      lines.filter((line) => line.includes('"encode-end"')).length;
    const all: Outcome[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // Both are asked in turn once both are known.
      const known = encodes(victim);
      await until(
        "both vision services are asked",
        async () => (await askAnew()).type === "whole" && encodes(victim) > known,
      );
      const done = encodes(other);
      // It takes requests, and does nothing with them: by the time that the other has done its half, some are in its hands.
      victim.child.kill("SIGSTOP");
      const asked = Array.from({ length: 6 }, askAnew);
      await until("the other has done its half", () => encodes(other) >= done + 3);
      await victim.kill();
      const outcomes = await Promise.all(asked);
      expect(tally(outcomes)).toEqual({ whole: 6 });
      all.push(...outcomes);
      await victim.start();
    }
    await annotate(JSON.stringify({ rounds: ROUNDS, outcomes: tally(all) }));
    const known = encodes(victim);
    await until(
      "the one that came back is asked",
      async () => (await askAnew()).type === "whole" && encodes(victim) > known,
    );
  },
);

/** Of a tile of the embedded checkpoint. */
const TILE_BYTES = 3 * 96 ** 2;

test("where there is one vision service and no cache, its death is a clear error for questions about new images alone, and all is well when it is back", async () => {
  cluster = await startCluster({ networks: true });
  const url = cluster.url();
  const vision = cluster.replica("vision");
  const network = cluster.network("gateway > vision");
  const known = await drawImage(1);
  const truth = await ask(url, { image: known });
  const holds = await allNumbers(cluster);
  const images = await Promise.all([50, 53].map(drawImage));
  vision.child.kill("SIGSTOP");
  const before = network.sent;
  const asked = images.map((image) => ask(url, { image }));
  // All of the first of them; what a server takes before it reads anything may have no room for the others.
  await until("an image is on its way", () => network.sent > before + TILE_BYTES);
  await vision.kill();
  for (const { status, code, retryAfter } of await Promise.all(asked)) {
    expect([status, code]).toEqual([503, "unavailable"]);
    expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
  }
  // The gateway lives, and says that it is not whole.
  const statuses = ["healthz", "readyz"].map(
    async (path) => (await fetch(`${url}/${path}`)).status,
  );
  expect(await Promise.all(statuses)).toEqual([200, 503]);
  for (const image of [known, undefined]) {
    expect((await ask(url, { image })).type).toBe("whole");
  }
  await vision.start();
  await until(
    "new images are encoded again",
    async () => (await ask(url, { image: await drawImage(90) })).type === "whole",
  );
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  for (const image of images) expect((await ask(url, { image })).type).toBe("whole");
  expect(await ask(url, { image: known })).toMatchObject({ type: "whole", text: truth.text });
  await handlesBack(cluster, holds);
});
