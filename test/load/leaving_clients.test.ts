import { setTimeout as sleep } from "node:timers/promises";
import { until } from "@medv/runtime/testing/until";
import { afterEach, expect, test } from "vitest";
import { percentile } from "../bench/median.ts";
import { ask } from "../faults/ask.ts";
import { type Cluster, startCluster } from "../faults/cluster.ts";
import { LONG } from "../faults/length.ts";
import { allNumbers, handlesBack } from "../faults/process_numbers.ts";
import { readMetric } from "../read_metric.ts";

let cluster: Cluster | undefined;
afterEach(() => cluster?.stop());

const LEAVES = LONG ? 1_000 : 12;
const ANSWER = { genLength: 512 };

test(`${LEAVES} clients that leave at any moment of their answers stop the work for them, and leave nothing behind`, async ({
  annotate,
}) => {
  cluster = await startCluster();
  const url = cluster.url();
  const { metricsUrl } = cluster.replica("diffusion");
  // What an answer costs is known from here on; nobody stays for half of that.
  const truth = await ask(url, ANSWER);
  const longestStayMs = truth.ms / 2;
  const before = await allNumbers(cluster);
  const isFree = async (): Promise<boolean> => {
    const names = ["queued_rows", "running_rows", "queued_seconds"];
    const now = names.map((name) => readMetric(metricsUrl, `medv_diffusion_${name}`));
    return (await Promise.all(now)).every((value) => value === 0);
  };
  const freeMs: number[] = [];
  for (let left = 0; left < LEAVES; left++) {
    const leaving = new AbortController();
    const asked = ask(url, { ...ANSWER, signal: leaving.signal });
    await sleep((left * 37) % longestStayMs);
    leaving.abort();
    const leftAt = performance.now();
    expect((await asked).type).toBe("cut");
    await until("the decoder does nothing for who left", isFree);
    freeMs.push(performance.now() - leftAt);
  }
  await annotate(
    JSON.stringify({ freeMs: { p50: percentile(freeMs, 50), p99: percentile(freeMs, 99) } }),
  );
  expect(await ask(url, ANSWER)).toMatchObject({ type: "whole", text: truth.text });
  const ends = cluster.events("answer-end");
  expect(ends).toHaveLength(2);
  await handlesBack(cluster, before);
});
