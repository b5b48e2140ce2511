import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@medv/evaluation/answerers/free_port";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ended, type ProcessName, startProcess } from "../start_process.ts";
import { ask, drawImage, tally } from "./ask.ts";
import { type Cluster, startCluster } from "./cluster.ts";

// Every test talks to several processes on a machine that is busy.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const NAMES: readonly ProcessName[] = ["vision", "diffusion", "gateway"];

test.each([
  { name: "vision", what: "loads its model", settings: {} },
  { name: "diffusion", what: "loads its model", settings: {} },
  {
    name: "diffusion",
    what: "makes int8 weights",
    settings: { MEDV_PRECISION: "int8", MEDV_CACHE_DIRECTORY: "/nowhere" },
  },
] as const)("SIGTERM ends $name with 0 while it $what", async ({ name, settings }) => {
  const address = { [`MEDV_${name.toUpperCase()}_ADDRESS`]: `127.0.0.1:${await freePort()}` };
  const lines: string[] = [];
  const child = await startProcess(name, { ...settings, ...address }, lines, "listen-start");
  child.kill("SIGTERM");
  expect(await ended(child)).toBe(0);
  expect(lines.filter((line) => /"(service-ready|start-error)"/.test(line))).toEqual([]);
});

test.each(NAMES)(
  "SIGTERM ends %s with 0, in the middle of answers, which end whole, and when it is idle",
  async (name) => {
    const started = Promise.withResolvers<void>();
    let begun = 0;
    const onEvent = (event: string): void => {
      if (event === "answer-start" && ++begun === 3) started.resolve();
    };
    const asked = Array.from({ length: 3 }, async (_, index) =>
      ask(cluster.url(), { genLength: 128, image: await drawImage(index), onEvent }),
    );
    await started.promise;
    const busy = cluster.replica(name).stop();
    expect(tally(await Promise.all(asked))).toEqual({ whole: 3 });
    expect(await busy).toBe(0);
    await cluster.replica(name).start();
    expect(await cluster.replica(name).stop()).toBe(0);
    await cluster.replica(name).start();
  },
);

test("SIGTERM while an image comes in slowly lets it come in", async () => {
  const gateway = cluster.replica("gateway");
  const bytes = Buffer.from((await drawImage(3)).split(",")[1] ?? "", "base64");
  const stopping = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(bytes.subarray(0, 20));
      await stopping.promise;
      controller.enqueue(bytes.subarray(20));
      controller.close();
    },
  });
  const upload = fetch(`${cluster.url()}/v1/images`, { method: "POST", body, duplex: "half" });
  // Its head must have come: a request that nobody has heard of is not accepted.
  await ask(cluster.url());
  await sleep(200);
  const stopped = gateway.stop();
  stopping.resolve();
  expect((await upload).status).toBe(201);
  expect(await stopped).toBe(0);
});
