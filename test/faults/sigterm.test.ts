import { once } from "node:events";
import { readdirSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { freePort } from "@medv/runtime/free_port";
import { createClient } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import { until } from "@medv/runtime/testing/until";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readMetric } from "../read_metric.ts";
import { ended, type ProcessName, startProcess } from "../start_process.ts";
import { ask, drawImage, tally } from "./ask.ts";
import { type Cluster, type Replica, startCluster } from "./cluster.ts";
import { copyCheckpoint } from "./copy_checkpoint.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const NAMES: readonly ProcessName[] = ["vision", "diffusion", "gateway"];

test.each([
  { name: "vision", what: "loads its model", event: "listen-start", precision: "float32" },
  { name: "diffusion", what: "loads its model", event: "listen-start", precision: "float32" },
  { name: "diffusion", what: "makes int8 weights", event: "quantize-progress", precision: "int8" },
] as const)("SIGTERM ends $name with 0 while it $what", async ({ name, event, precision }) => {
  const checkpoint = copyCheckpoint();
  const settings = {
    [`MEDV_${name.toUpperCase()}_ADDRESS`]: `127.0.0.1:${await freePort()}`,
    MEDV_CHECKPOINT: checkpoint,
    MEDV_PRECISION: precision,
  };
  const lines: string[] = [];
  const child = await startProcess(name, settings, lines, { event });
  child.kill("SIGTERM");
  expect(await ended(child)).toBe(0);
  expect(lines.filter((line) => /"(service-ready|start-error)"/.test(line))).toEqual([]);
  expect(readdirSync(checkpoint).filter((file) => file.endsWith(".part"))).toEqual([]);
});

test.for(NAMES)(
  "SIGTERM ends %s with 0, in the middle of answers, which end whole, and when it is idle",
  async (name, { annotate }) => {
    const started = Promise.withResolvers<void>();
    let begun = 0;
    const onEvent = (event: string): void => {
      if (event === "answer-start" && ++begun === 3) started.resolve();
    };
    const asked = Array.from({ length: 3 }, async (_, index) =>
      ask(cluster.url(), { genLength: 128, image: await drawImage(index), onEvent }),
    );
    await started.promise;
    const busy = timedStop(cluster.replica(name));
    expect(tally(await Promise.all(asked))).toEqual({ whole: 3 });
    const { code, ms: busyMs } = await busy;
    expect(code).toBe(0);
    await cluster.replica(name).start();
    const idle = await timedStop(cluster.replica(name));
    expect(idle.code).toBe(0);
    await cluster.replica(name).start();
    await annotate(JSON.stringify({ busyMs, idleMs: idle.ms }));
  },
);

async function timedStop(
  replica: Replica,
): Promise<{ readonly code: number | null; readonly ms: number }> {
  const startedAt = performance.now();
  const code = await replica.stop();
  return { code, ms: performance.now() - startedAt };
}

test("SIGTERM ends vision with 0 in the middle of an encode, which is finished", async () => {
  const vision = cluster.replica("vision");
  /** The largest image: it takes the embedded tower some tenths of a second. */
  const image = { tiles: 37, imageSize: 96, preprocessingVersion: "1", tenantScope: "tenant" };
  let shade = 0;
  const isHit = async (): Promise<boolean> => {
    const said = vision.lines.length;
    const placeOf = (event: string): number =>
      vision.lines.slice(said).findIndex((line) => line.includes(`"msg":"${event}"`));
    const client = createClient(VisionEncoder, `127.0.0.1:${vision.port}`);
    const pixels = new Uint8Array(image.tiles * image.imageSize ** 2 * 3).fill(shade++);
    const encoded = client.encode({ ...image, pixels }, { signal: new AbortController().signal });
    await until("the tower runs", async () => {
      const queued = await readMetric(vision.metricsUrl, "medv_vision_queued_seconds");
      return queued > 0 || placeOf("encode-end") >= 0;
    });
    expect(await vision.stop()).toBe(0);
    expect((await encoded).handle?.shape[0]).toBe(image.tiles);
    client.close();
    const drainedAt = placeOf("drain-start");
    await vision.start();
    return drainedAt >= 0 && placeOf("encode-end") > drainedAt;
  };
  // On a machine that is busy the encode may have ended before the signal came.
  await until("the signal comes before the encode's end", isHit);
});

test("SIGTERM while an image comes in slowly lets it come in", async () => {
  const gateway = cluster.replica("gateway");
  const bytes = Buffer.from((await drawImage(3)).split(",")[1] ?? "", "base64");
  const upload = request(`${cluster.url()}/v1/images`, {
    method: "POST",
    headers: { expect: "100-continue" },
  });
  const answered = once(upload, "response") as Promise<[IncomingMessage]>;
  // Its head must have come: a request that nobody has heard of is not accepted.
  upload.flushHeaders();
  await once(upload, "continue");
  upload.write(bytes.subarray(0, 20));
  const said = gateway.lines.length;
  const stopped = gateway.stop();
  await until("the gateway says that it stops", () =>
    gateway.lines.slice(said).some((line) => line.includes('"drain-start"')),
  );
  upload.end(bytes.subarray(20));
  const [response] = await answered;
  expect(response.statusCode).toBe(201);
  response.resume();
  expect(await stopped).toBe(0);
});
