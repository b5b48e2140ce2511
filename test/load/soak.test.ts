import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { ask, drawImage, type Outcome, tally } from "../faults/ask.ts";
import { type Cluster, startCluster } from "../faults/cluster.ts";
import { LONG } from "../faults/length.ts";
import { allNumbers, type ProcessNumbers } from "../faults/process_numbers.ts";
import { slope } from "./slope.ts";

let cluster: Cluster | undefined;
afterEach(() => cluster?.stop());

const MINUTES = 30;
const SAMPLE_MS = 10_000;

test.runIf(LONG)(
  `${MINUTES} minutes of mixed load leave memory and handles as they were, without an error`,
  async ({ annotate }) => {
    cluster = await startCluster();
    const url = cluster.url();
    const endsAt = performance.now() + MINUTES * 60_000;
    const outcomes: Outcome[] = [];
    let shade = 0;
    const kinds: readonly (() => Promise<void>)[] = [
      async () => void outcomes.push(await ask(url)),
      async () => void outcomes.push(await ask(url, { image: await drawImage(shade++ % 50) })),
      async () => void outcomes.push(await ask(url, { genLength: 64, seed: shade })),
      async () => void outcomes.push(await leave(url)),
      () => uploadAndDelete(url, shade++),
    ];
    const working = kinds.map(async (work) => {
      while (performance.now() < endsAt) await work();
    });
    const samples: (readonly ProcessNumbers[])[] = [];
    while (performance.now() < endsAt) {
      await sleep(SAMPLE_MS);
      samples.push(await allNumbers(cluster));
    }
    await Promise.all(working);
    // The first third fills caches and pools.
    const settled = samples.slice(Math.floor(samples.length / 3));
    const slopes = cluster.replicas.map(({ name }, index) => ({
      name,
      megabytesPerMinute: slope(
        settled.map((sample) => sample[index]?.residentMb ?? NaN),
        SAMPLE_MS,
      ),
      handlesPerMinute: slope(
        settled.map((sample) => sample[index]?.handles ?? NaN),
        SAMPLE_MS,
      ),
    }));
    await annotate(JSON.stringify({ outcomes: tally(outcomes), slopes, last: samples.at(-1) }));
    expect(tally(outcomes)).toEqual({ whole: outcomes.length });
    expect(cluster.errors()).toEqual([]);
    for (const { megabytesPerMinute, handlesPerMinute } of slopes) {
      expect(megabytesPerMinute).toBeLessThan(1);
      expect(handlesPerMinute).toBeLessThan(0.5);
    }
  },
  (MINUTES + 10) * 60_000,
);

/** Asks and goes away after the first draft, with which its caller has what it came for. */
async function leave(url: string): Promise<Outcome> {
  const reader = new AbortController();
  const onEvent = (name: string): void => {
    if (name === "block-draft") reader.abort();
  };
  const outcome = await ask(url, { genLength: 128, signal: reader.signal, onEvent });
  return outcome.type === "cut" && reader.signal.aborted ? { ...outcome, type: "whole" } : outcome;
}

async function uploadAndDelete(url: string, shade: number): Promise<void> {
  const image = Buffer.from((await drawImage(shade)).split(",")[1] ?? "", "base64");
  const sent = await fetch(`${url}/v1/images`, { method: "POST", body: new Uint8Array(image) });
  expect(sent.status).toBe(201);
  const { id } = (await sent.json()) as { id: string };
  const deleted = await fetch(`${url}/v1/images/${id}`, { method: "DELETE" });
  expect(deleted.status).toBe(200);
  // Read, as it holds its connection until then.
  await deleted.text();
}
