import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { until } from "@medv/runtime/testing/until";
import { afterEach, expect, test } from "vitest";
import { percentile } from "../bench/median.ts";
import { ask, tally } from "../faults/ask.ts";
import { type Cluster, startCluster } from "../faults/cluster.ts";
import { LONG } from "../faults/length.ts";
import { allNumbers } from "./process_numbers.ts";

let cluster: Cluster | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await cluster?.stop();
});

const CLIENTS = LONG ? 2_000 : 200;
const ASKED = 20;

test(`${CLIENTS} clients that say nothing or read a byte a second take nothing from others`, async ({
  annotate,
}) => {
  cluster = await startCluster({ settings: { MEDV_MAX_QUEUE_SECONDS: "3600" } });
  const url = cluster.url();
  const port = cluster.replica("gateway").port;
  const truth = await ask(url);
  expect(truth.type).toBe("whole");
  const before = await allNumbers(cluster);
  const alone = await askAll(url);
  for (let i = 0; i < CLIENTS; i++) sockets.push(await open(port, i % 2 === 1));
  const slowAnswers = CLIENTS / 2;
  const crowded = await askAll(url);
  await annotate(
    JSON.stringify({
      aloneMs: {
        p50: percentile(
          alone.map(({ ms }) => ms),
          50,
        ),
      },
      crowdedMs: {
        p50: percentile(
          crowded.map(({ ms }) => ms),
          50,
        ),
      },
      before,
      crowded: await allNumbers(cluster),
    }),
  );
  expect(tally(crowded)).toEqual({ whole: ASKED });
  expect(new Set(crowded.map(({ text }) => text))).toEqual(new Set([truth.text]));
  // Those who read slowly hold up neither the decoder nor each other.
  const { lines } = cluster.replica("diffusion");
  await until(
    () => lines.filter((line) => line.includes('"answer-end"')).length >= slowAnswers + 2 * ASKED,
  );
  for (const socket of sockets.splice(0)) socket.destroy();
  const after = async (): Promise<number> =>
    (await allNumbers(found(cluster)))[handlesIndex]?.handles ?? 0;
  const handlesIndex = cluster.replicas.findIndex(({ name }) => name === "gateway");
  await until(async () => (await after()) <= (before[handlesIndex]?.handles ?? 0) + 5);
});

async function askAll(url: string) {
  const outcomes = [];
  for (let i = 0; i < ASKED; i++) outcomes.push(await ask(url));
  return outcomes;
}

/** A connection that is silent, or asks and then reads a byte a second. */
async function open(port: number, asks: boolean): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  if (!asks) return socket;
  const body = JSON.stringify({
    model: "llada-medv-phantom",
    messages: [{ role: "user", content: "What is shown?" }],
    diffusion: { gen_length: 16, block_length: 8 },
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
