import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type Client } from "@medv/proto/grpc";
import { DataType } from "@medv/proto/embedding";
import { VisionEncoder } from "@medv/proto/vision";
import {
  createLogger,
  NO_REMOTE_CACHE,
  type RemoteCache,
  startService,
  type TensorData,
} from "@medv/runtime";
import { remoteCache } from "@medv/runtime/remote_cache/remote_cache";
import { connectPatiently, type RedisServer, startRedis } from "@medv/runtime/testing/redis_server";
import { redisTest } from "@medv/runtime/testing/redis_tests";
import { Registry } from "prom-client";
import { afterEach, expect, test } from "vitest";
import { embeddingStore } from "./embedding_store.ts";
import { visionMetrics } from "./vision_metrics.ts";
import { TowerQueue } from "./tower_queue.ts";
import { createVisionService } from "./vision_service.ts";

type Bench = {
  client: Client<typeof VisionEncoder.method>;
  runs: () => number;
  lines: string[];
  /** How many embeddings came from where, by the metrics. */
  origins: () => Promise<Readonly<Record<string, number>>>;
};

const NEVER = new AbortController().signal;
const SIZE = 4;
const TILE_BYTES = SIZE * SIZE * 3;
const HIDDEN = 100_000;
const EMBEDDING_BYTES = HIDDEN * 4;
const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of cleanUp.splice(0)) await step();
});

test("encode() of 50 callers with one image runs the tower once", async () => {
  const { client, runs, lines } = await bench();
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => client.encode(image(1), { signal: NEVER })),
  );
  expect(runs()).toBe(1);
  expect(new Set(answers.map(({ handle }) => handle?.digest)).size).toBe(1);
  expect(answers.filter(({ cached }) => !cached)).toHaveLength(1);
  expect(await client.encode(image(1), { signal: NEVER })).toMatchObject({
    cached: true,
    encodeMs: 0,
  });
  expect(runs()).toBe(1);
  expect(JSON.parse(lines.findLast((line) => line.includes("encode-end")) ?? "")).toMatchObject({
    tiles: 1,
    encodes: 1,
    cached: true,
    digest: answers[0]?.handle?.digest,
  });
});

test("encode() names the embedding by a handle, and readEmbedding() streams it in small chunks", async () => {
  const { client } = await bench();
  const { handle } = await client.encode(image(3, { tiles: 2 }), { signal: NEVER });
  expect(handle).toMatchObject({
    shape: [2, 1, HIDDEN],
    dtype: DataType.FLOAT32,
    towerDigest: "tower",
    preprocessingVersion: "1",
    tenantScope: "a",
  });
  expect(handle?.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(Number(handle?.expiresAt?.seconds)).toBeGreaterThan(Date.now() / 1000 + 50);
  const request = { digest: handle?.digest ?? "", tenantScope: "a" };
  const responses = await collect(client.readEmbedding(request, { signal: NEVER }));
  expect(responses.map((response) => response.handle?.digest)).toEqual([
    handle?.digest,
    ...Array(responses.length - 1).fill(undefined),
  ]);
  expect(Math.max(...responses.map(({ chunk }) => chunk.length))).toBeLessThanOrEqual(256 << 10);
  const bytes = Buffer.concat(responses.map(({ chunk }) => chunk));
  expect(bytes).toHaveLength(2 * EMBEDDING_BYTES);
  expect([bytes.readFloatLE(0), bytes.readFloatLE(2 * EMBEDDING_BYTES - 4)]).toEqual([3, 3]);
});

test("a digest depends on pixels, tenant, preprocessing version and shape", async () => {
  const { client, runs } = await bench();
  const requests = [
    image(1),
    image(2),
    image(1, { tiles: 2 }),
    { ...image(1), tenantScope: "b" },
    { ...image(1), preprocessingVersion: "2" },
    // The same characters, with the border between the fields elsewhere.
    { ...image(1), tenantScope: "a1", preprocessingVersion: "" },
  ];
  const digests = new Set<string | undefined>();
  for (const request of requests) {
    digests.add((await client.encode(request, { signal: NEVER })).handle?.digest);
  }
  expect(digests.size).toBe(requests.length);
  expect(runs()).toBe(requests.length);
});

test.each([
  { who: "an unknown digest", change: { digest: "00" } },
  { who: "another tenant", change: { tenantScope: "b" } },
])("readEmbedding() finds nothing for $who", async ({ change }) => {
  const { client } = await bench();
  const { handle } = await client.encode(image(1), { signal: NEVER });
  const request = { digest: handle?.digest ?? "", tenantScope: "a", ...change };
  await expect(collect(client.readEmbedding(request, { signal: NEVER }))).rejects.toMatchObject({
    code: "embedding_not_found",
    hint: "encode the image again",
  });
});

test("the store keeps the most recent embeddings within its bytes", async () => {
  const { client, runs } = await bench({ maxBytes: 2.5 * EMBEDDING_BYTES });
  for (const fill of [1, 2, 1, 3]) await client.encode(image(fill), { signal: NEVER });
  expect(runs()).toBe(3);
  expect((await client.encode(image(1), { signal: NEVER })).cached).toBe(true);
  expect((await client.encode(image(2), { signal: NEVER })).cached).toBe(false);
});

test("an embedding that is larger than the store is an error, not a handle without an embedding", async () => {
  const { client, lines } = await bench({ maxBytes: EMBEDDING_BYTES - 1 });
  await expect(client.encode(image(1), { signal: NEVER })).rejects.toMatchObject({
    code: "internal",
  });
  expect(lines.join("")).toContain("raise MEDV_EMBEDDING_CACHE_BYTES");
});

test.each([
  { field: "image_size", change: { imageSize: 5 }, rule: "image_size must be the tower's 4" },
  { field: "tiles", change: { tiles: 0 }, rule: "tiles must be 1 to 37" },
  { field: "tiles", change: { tiles: 38 }, rule: "tiles must be 1 to 37" },
  {
    field: "pixels",
    change: { pixels: new Uint8Array(47) },
    rule: "pixels must have 48 bytes for [1, 4, 4, 3]",
  },
  { field: "pixels", change: { tiles: 2 }, rule: "pixels must have 96 bytes for [2, 4, 4, 3]" },
])("encode() refuses a bad $field: $rule", async ({ field, change, rule }) => {
  const { client, runs } = await bench();
  const refused = client.encode({ ...image(1), ...change }, { signal: NEVER });
  await expect(refused).rejects.toMatchObject({ code: "invalid_request", field });
  await expect(refused).rejects.toThrow(rule);
  expect(runs()).toBe(0);
});

test("a caller that goes away does not end the run that another waits for", async () => {
  const { client, runs } = await bench({ delayMs: 200 });
  const first = new AbortController();
  const gone = client.encode(image(1), { signal: first.signal });
  const stays = client.encode(image(1), { signal: NEVER });
  await sleep(80);
  first.abort(new RangeError("gone"));
  await expect(gone).rejects.toThrow("gone");
  expect((await stays).handle?.shape).toEqual([1, 1, HIDDEN]);
  expect(runs()).toBe(1);
});

test("a run that nobody waits for is aborted, and the next caller gets a run of its own", async () => {
  const { client, runs } = await bench({ delayMs: 300 });
  const first = new AbortController();
  const gone = client.encode(image(1), { signal: first.signal });
  await sleep(80);
  first.abort("gone");
  await expect(gone).rejects.toBe("gone");
  await sleep(80);
  expect((await client.encode(image(1), { signal: NEVER })).cached).toBe(false);
  expect(runs()).toBe(2);
});

test("a tower that fails shows nothing of it to the caller, and the next call runs it again", async () => {
  const { client, runs, lines } = await bench({ failures: 1 });
  await expect(client.encode(image(1), { signal: NEVER })).rejects.toMatchObject({
    code: "internal",
    message: "internal",
  });
  expect(lines.join("")).toContain("the tower fell");
  expect((await client.encode(image(1), { signal: NEVER })).cached).toBe(false);
  expect(runs()).toBe(2);
});

test("deleteEmbedding() forgets an embedding of its tenant only", async () => {
  const { client, runs } = await bench();
  const { handle } = await client.encode(image(1), { signal: NEVER });
  const digest = handle?.digest ?? "";
  const read = () => collect(client.readEmbedding({ digest, tenantScope: "a" }, { signal: NEVER }));
  await client.deleteEmbedding({ digest, tenantScope: "b" }, { signal: NEVER });
  expect((await read()).length).toBeGreaterThan(0);
  await client.deleteEmbedding({ digest, tenantScope: "a" }, { signal: NEVER });
  await expect(read()).rejects.toMatchObject({ code: "embedding_not_found" });
  expect(await client.encode(image(1), { signal: NEVER })).toMatchObject({ cached: false });
  expect(runs()).toBe(2);
});

test("encodeMs tells how long the tower ran, and not how long it took to share what it made", async () => {
  const shareMs = 200;
  const remote = { ...NO_REMOTE_CACHE, set: () => sleep(shareMs) };
  const { client, lines } = await bench({ remote });
  const { encodeMs } = await client.encode(image(1), { signal: NEVER });
  const { elapsedMs } = JSON.parse(lines.findLast((line) => line.includes("encode-end")) ?? "") as {
    elapsedMs: number;
  };
  // A timer may be a millisecond early.
  expect(elapsedMs - encodeMs).toBeGreaterThan(shareMs - 2);
});

redisTest(
  "two services with one shared cache run the tower once, and one deletion empties it",
  async () => {
    const server = await startRedis();
    cleanUp.push(() => server.kill());
    const [first, second] = [await sharing(server), await sharing(server)];
    const call = { signal: NEVER };
    await first.client.encode(image(1), call);
    const { handle, cached } = await second.client.encode(image(1), call);
    expect({ cached, runs: second.runs() }).toEqual({ cached: true, runs: 0 });
    await second.client.encode(image(1), call);
    expect(await first.origins()).toEqual({ run: 1 });
    expect(await second.origins()).toEqual({ shared_cache: 1, memory: 1 });
    const request = { digest: handle?.digest ?? "", tenantScope: "a" };
    const read = await collect(second.client.readEmbedding(request, call));
    expect(read.reduce((sum, { chunk }) => sum + chunk.length, 0)).toBe(EMBEDDING_BYTES);
    await second.client.deleteEmbedding(request, call);
    expect((await server.entries()).size).toBe(0);
  },
);

redisTest("a service with another tower finds nothing of what the first one shared", async () => {
  const server = await startRedis();
  cleanUp.push(() => server.kill());
  const [first, same, other] = [
    await sharing(server),
    await sharing(server),
    await sharing(server, "another tower"),
  ];
  const call = { signal: NEVER };
  const { handle } = await first.client.encode(image(1), call);
  expect((await same.client.encode(image(1), call)).handle?.digest).toBe(handle?.digest);
  expect(same.runs()).toBe(0);
  const anew = await other.client.encode(image(1), call);
  expect(anew).toMatchObject({ cached: false, handle: { towerDigest: "another tower" } });
  expect(anew.handle?.digest).not.toBe(handle?.digest);
  expect(other.runs()).toBe(1);
});

/** A service that shares what it keeps. */
async function sharing(server: RedisServer, towerDigest?: string): Promise<Bench> {
  const remote = remoteCache(await connectPatiently(server));
  cleanUp.push(() => remote.close());
  return await bench({ remote, ...(towerDigest !== undefined && { towerDigest }) });
}

async function bench(
  options: {
    maxBytes?: number;
    delayMs?: number;
    failures?: number;
    remote?: RemoteCache;
    towerDigest?: string;
  } = {},
): Promise<Bench> {
  const {
    maxBytes = 100 * EMBEDDING_BYTES,
    delayMs = 5,
    failures = 0,
    remote = NO_REMOTE_CACHE,
    towerDigest = "tower",
  } = options;
  const lines: string[] = [];
  const logger = createLogger(
    { service: "vision", level: "info" },
    { write: (line) => lines.push(line) },
  );
  let runs = 0;
  const run = async ({ shape, data }: TensorData, signal: AbortSignal): Promise<TensorData> => {
    runs += 1;
    await sleep(delayMs, undefined, { signal });
    if (runs <= failures) throw new Error("the tower fell");
    const tiles = shape[0] ?? 0;
    const values = new Float32Array(tiles * HIDDEN).fill(Number(data[0]));
    return { dtype: "float32", shape: [tiles, 1, HIDDEN], data: values };
  };
  const service = await startService(VisionEncoder, {
    address: "127.0.0.1:0",
    addressVariable: "MEDV_VISION_ADDRESS",
    logger,
  });
  const registry = new Registry();
  const tower = { digest: towerDigest, imageSize: SIZE, run };
  const store = embeddingStore({ maxBytes, ttlSeconds: 60, remote });
  const metrics = visionMetrics(registry, () => ({
    embeddingBytes: store.bytes,
    queuedSeconds: 0,
  }));
  service.open(
    createVisionService({
      tower,
      store,
      queue: new TowerQueue(60_000, 1),
      maxTiles: 37,
      metrics,
      logger,
    }),
  );
  const client = createClient(VisionEncoder, `127.0.0.1:${service.port}`);
  cleanUp.push(
    () => client.close(),
    () => service.drain(),
  );
  const origins = async (): Promise<Record<string, number>> => {
    const encodes = await registry.getSingleMetric("medv_vision_encodes_total")?.get();
    const values = encodes?.values ?? [];
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels["origin"]), value]));
  };
  return { client, runs: () => runs, lines, origins };
}

function image(
  fill: number,
  { tiles = 1 }: { tiles?: number } = {},
): {
  tenantScope: string;
  preprocessingVersion: string;
  pixels: Uint8Array;
  tiles: number;
  imageSize: number;
} {
  const pixels = new Uint8Array(tiles * TILE_BYTES).fill(fill);
  return { tenantScope: "a", preprocessingVersion: "1", pixels, tiles, imageSize: SIZE };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
