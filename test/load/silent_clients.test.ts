import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { until } from "@medv/runtime/testing/until";
import { afterEach, expect, test } from "vitest";
import { percentile } from "../bench/median.ts";
import { ask, type Outcome, tally } from "../faults/ask.ts";
import { type Cluster, startCluster } from "../faults/cluster.ts";
import { LONG } from "../faults/length.ts";
import { allNumbers, handlesBack } from "../faults/process_numbers.ts";

let cluster: Cluster | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await cluster?.stop();
});

const CLIENTS = LONG ? 2_000 : 200;
/** For their answers, one after another; who does not read is let go after a minute. */
const PATIENCE_SECONDS = LONG ? 600 : 200;
const ASKED = 20;
/** Of those who read slowly, how many have more to read than the sockets' buffers on the way take. */
const LARGE_READERS = LONG ? 4 : 2;

const SHORT = { gen_length: 16, block_length: 8 };
/** A draft of the whole canvas after each run: 11 MB or 6 MB, where Linux lets a socket send 4 MB ahead. */
const LARGE = {
  profile: "exact",
  gen_length: 512,
  block_length: 512,
  steps: LONG ? 256 : 128,
  min_tokens: 512,
};

test(`${CLIENTS} clients that say nothing or read a byte a second take nothing from others`, async ({
  annotate,
}) => {
  cluster = await startCluster({ settings: { MEDV_MAX_QUEUE_SECONDS: "3600" } });
  const url = cluster.url();
  const gateway = cluster.replica("gateway");
  const truth = await ask(url);
  expect(truth.type).toBe("whole");
  const before = await allNumbers(cluster);
  const alone = await askAll(url);
  const count = (event: string, part: string): number =>
    found(cluster)
      .events(event)
      .filter((line) => line.includes(part)).length;
  // Those who read slowly hold up neither the decoder nor each other. Who reads nothing of much is let go after a minute.
  for (let i = 0; i < LARGE_READERS; i++) sockets.push(await open(gateway.port, LARGE));
  await until(
    "the large answers are done, or let go",
    () =>
      count("answer-end", '"genLength":512') + count("request-end", '"status":499') >=
      LARGE_READERS,
    PATIENCE_SECONDS,
  );
  const shortReaders = CLIENTS / 2 - LARGE_READERS;
  for (let i = 0; i < shortReaders; i++) sockets.push(await open(gateway.port, SHORT));
  await until(
    "the short answers are done",
    () => count("answer-end", '"genLength":16') >= 1 + ASKED + shortReaders,
    PATIENCE_SECONDS,
  );
  while (sockets.length < CLIENTS) sockets.push(await open(gateway.port));
  const crowded = await askAll(url);
  const aloneMs = timesOf(alone);
  const crowdedMs = timesOf(crowded);
  const p95Ratio = crowdedMs.p95 / aloneMs.p95;
  const numbers = { before, crowded: await allNumbers(cluster) };
  await annotate(JSON.stringify({ aloneMs, crowdedMs, p95Ratio, ...numbers }));
  expect(tally(crowded)).toEqual({ whole: ASKED });
  expect(new Set(crowded.map(({ text }) => text))).toEqual(new Set([truth.text]));
  // Nobody has been given all of a large answer.
  await until(
    "the others' requests are logged",
    () => count("request-end", '"status":200') >= 1 + 2 * ASKED + shortReaders,
  );
  expect(count("request-end", '"status":200')).toBe(1 + 2 * ASKED + shortReaders);
  for (const socket of sockets.splice(0)) socket.destroy();
  await handlesBack(cluster, before);
});

async function askAll(url: string): Promise<readonly Outcome[]> {
  const outcomes = [];
  for (let i = 0; i < ASKED; i++) outcomes.push(await ask(url));
  return outcomes;
}

function timesOf(outcomes: readonly Outcome[]): { readonly p50: number; readonly p95: number } {
  const times = outcomes.map(({ ms }) => ms);
  return { p50: percentile(times, 50), p95: percentile(times, 95) };
}

/** A connection that is silent, or asks with these settings and then reads a byte a second. */
async function open(port: number, diffusion?: object): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  if (diffusion === undefined) return socket;
  const body = JSON.stringify({
    model: "llada-medv-phantom",
    messages: [{ role: "user", content: "What is shown?" }],
    diffusion,
  });
  socket.write(
    `POST /v1/answers HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  // In paused mode nothing is read but what is asked for.
  socket.on("readable", () => {});
  const timer = setInterval(() => socket.read(1), 1000);
  socket.on("close", () => clearInterval(timer));
  return socket;
}

function found(value: Cluster | undefined): Cluster {
  if (value === undefined) throw new TypeError("no cluster");
  return value;
}
