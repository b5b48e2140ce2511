import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import { Client, credentials } from "@grpc/grpc-js";
import { afterEach, expect, test } from "vitest";
import { createLogger } from "./logger.ts";
import { startService } from "./service.ts";
import { healthClient } from "./testing/check_health.ts";

const NEVER = new AbortController().signal;
const NAME = VisionEncoder.typeName;
const options = {
  address: "127.0.0.1:0",
  addressVariable: "MEDV_VISION_ADDRESS",
  logger: createLogger({ service: "test", level: "silent" }),
};
const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(cleanUp.splice(0).map((step) => step()));
});

const implementation = {
  encode: async () => ({ cached: true }),
  deleteEmbedding: () => Promise.resolve({}),
  async *readEmbedding() {
    yield { chunk: new Uint8Array(1) };
  },
};

test("startService() is alive at once, ready when opened, and not ready once it drains", async () => {
  const service = await startService(VisionEncoder, options);
  const health = healthClient(service.port);
  const client = createClient(VisionEncoder, `127.0.0.1:${service.port}`);
  cleanUp.push(
    () => health.close(),
    () => client.close(),
    () => service.drain(),
  );
  expect([await health.check(""), await health.check(NAME)]).toEqual([1, 2]);
  await expect(client.encode({}, { signal: NEVER })).rejects.toMatchObject({
    code: "unavailable",
    hint: "try again in a few seconds",
  });
  service.open(implementation);
  expect([await health.check(""), await health.check(NAME)]).toEqual([1, 1]);
  expect(await client.encode({}, { signal: NEVER })).toMatchObject({ cached: true });
});

test("startService() lets running calls finish and sends new ones away while it drains", async () => {
  const service = await startService(VisionEncoder, { ...options, healthAddress: "127.0.0.1:0" });
  const entered = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  service.open({
    ...implementation,
    async *readEmbedding() {
      yield { chunk: new Uint8Array(1) };
      entered.resolve();
      await finish.promise;
      yield { chunk: new Uint8Array(2) };
    },
  });
  const other = await startService(VisionEncoder, options);
  other.open(implementation);
  const health = healthClient(service.healthPort ?? 0);
  const client = createClient(VisionEncoder, `127.0.0.1:${service.port}`);
  const both = createClient(VisionEncoder, `127.0.0.1:${service.port},127.0.0.1:${other.port}`);
  cleanUp.push(
    () => health.close(),
    () => client.close(),
    () => both.close(),
    () => other.drain(),
  );
  await both.encode({}, { signal: NEVER });
  const reading = collect(client.readEmbedding({}, { signal: NEVER }));
  await entered.promise;
  const draining = service.drain();
  expect([await health.check(""), await health.check(NAME)]).toEqual([1, 2]);
  await expect(client.encode({}, { signal: NEVER })).rejects.toMatchObject({ code: "unavailable" });
  for (let i = 0; i < 20; i++) await both.encode({}, { signal: NEVER });
  finish.resolve();
  expect((await reading).map(({ chunk }) => chunk.length)).toEqual([1, 2]);
  await draining;
  await expect(client.encode({}, { signal: NEVER })).rejects.toMatchObject({ code: "unavailable" });
});

test("startService() names the variable when the port is taken", async () => {
  const service = await startService(VisionEncoder, options);
  cleanUp.push(() => service.drain());
  const address = `127.0.0.1:${service.port}`;
  await expect(startService(VisionEncoder, { ...options, address })).rejects.toThrow(
    `Cannot listen on ${address} as the port is taken: set MEDV_VISION_ADDRESS to another host:port`,
  );
});

test("startService() lists its service by reflection", async () => {
  const service = await startService(VisionEncoder, options);
  const client = new Client(`127.0.0.1:${service.port}`, credentials.createInsecure());
  cleanUp.push(
    () => client.close(),
    () => service.drain(),
  );
  const call = client.makeBidiStreamRequest(
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    (request: Buffer) => request,
    (response: Buffer) => response.toString("latin1"),
  );
  // list_services, field 7, with an empty text.
  call.write(Buffer.from([0x3a, 0x00]));
  const [answer]: unknown[] = await once(call, "data");
  call.end();
  expect(answer).toContain("medv.v1.VisionEncoder");
});

test("a process that gets SIGTERM during a streamed call finishes it, takes no new one and exits with 0", async () => {
  const { child, port } = await drainServer();
  const exited = once(child, "exit");
  const client = createClient(VisionEncoder, `127.0.0.1:${port}`);
  cleanUp.push(() => client.close());
  const chunks: (number | undefined)[] = [];
  const refusals: unknown[] = [];
  for await (const { chunk } of client.readEmbedding({}, { signal: NEVER })) {
    chunks.push(chunk[0]);
    if (chunk[0] === 1) child.kill("SIGTERM");
    if (chunk[0] === 6) {
      refusals.push(await client.encode({}, { signal: NEVER }).catch((error: unknown) => error));
    }
  }
  expect(chunks).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(refusals).toMatchObject([{ code: "unavailable", hint: "try again in a few seconds" }]);
  expect(await exited).toEqual([0, null]);
});

test("a second signal ends the process at once", async () => {
  const { child, port } = await drainServer();
  const exited = once(child, "exit");
  const client = createClient(VisionEncoder, `127.0.0.1:${port}`);
  cleanUp.push(() => client.close());
  const chunks: (number | undefined)[] = [];
  const read = async (): Promise<void> => {
    for await (const { chunk } of client.readEmbedding({}, { signal: NEVER })) {
      chunks.push(chunk[0]);
      if (chunk[0] === 1) child.kill("SIGTERM");
      if (chunk[0] === 3) child.kill("SIGINT");
    }
  };
  await expect(read()).rejects.toMatchObject({ code: "unavailable" });
  expect(chunks.length).toBeLessThan(10);
  expect(await exited).toEqual([null, "SIGKILL"]);
});

async function drainServer(): Promise<{ child: ChildProcess; port: number }> {
  const file = fileURLToPath(new URL("./testing/drain_server.ts", import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  cleanUp.push(() => child.kill("SIGKILL"));
  const port = Promise.withResolvers<number>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { msg, port: bound } = JSON.parse(line) as { msg: string; port: number };
    if (msg === "listen-start") port.resolve(bound);
  });
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`Cannot use the drain server as it ended with code ${code}`);
  });
  failed.catch(() => {});
  return { child, port: await Promise.race([port.promise, failed]) };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
