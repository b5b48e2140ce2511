import { setTimeout as sleep } from "node:timers/promises";
import { DomainError } from "@medv/proto";
import { createClient } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import { afterEach, expect, test } from "vitest";
import { breaker } from "./breaker.ts";
import { createLogger } from "./logger.ts";
import { type RunningService, startService } from "./service.ts";
import { until } from "./testing/until.ts";

const NEVER = new AbortController().signal;
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(cleanUp.splice(0).map((step) => step()));
});

/** A service that answers, refuses or says nothing, as it is told. */
async function start(): Promise<{
  readonly service: RunningService<typeof VisionEncoder.method>;
  readonly seen: { calls: number; mode: "answer" | "refuse" | "silent" };
}> {
  const seen = { calls: 0, mode: "answer" as "answer" | "refuse" | "silent" };
  const answer = async (signal: AbortSignal): Promise<void> => {
    seen.calls += 1;
    if (seen.mode === "refuse") throw new DomainError("unavailable", "Cannot take the call now");
    if (seen.mode === "silent") await sleep(2 ** 30, undefined, { signal });
  };
  const service = await startService(VisionEncoder, {
    address: "127.0.0.1:0",
    addressVariable: "none",
    logger: createLogger({ service: "test", level: "silent" }),
  });
  service.open({
    encode: async (_, { signal }) => {
      await answer(signal);
      return { cached: true };
    },
    deleteEmbedding: () => Promise.resolve({}),
    async *readEmbedding(_, { signal }) {
      await answer(signal);
      yield { chunk: new Uint8Array(1) };
      yield { chunk: new Uint8Array(2) };
    },
  });
  return { service, seen };
}

function guarded(port: number, changes: boolean[] = []) {
  const client = createClient(VisionEncoder, `127.0.0.1:${port}`, {
    guard: breaker(VisionEncoder.typeName, (isOpen) => void changes.push(isOpen)),
  });
  cleanUp.push(() => client.close());
  return client;
}

async function lengthsOf(client: ReturnType<typeof guarded>): Promise<number[]> {
  const lengths: number[] = [];
  for await (const { chunk } of client.readEmbedding({}, { signal: NEVER })) {
    lengths.push(chunk.length);
  }
  return lengths;
}

/** A call that is given up soon. */
const soon = () => ({ signal: NEVER, deadline: new Date(Date.now() + 50) });

type Seen = Awaited<ReturnType<typeof start>>["seen"];

/** A service that five calls in a row could not hear, so that its client's breaker is open. */
async function startMissed() {
  const { service, seen } = await start();
  cleanUp.push(() => service.drain());
  const changes: boolean[] = [];
  const client = guarded(service.port, changes);
  seen.mode = "silent";
  for (let i = 0; i < 5; i++) await client.encode({}, soon()).catch(() => {});
  return { seen, changes, client };
}

/** The first call that the rest lets through: `begun` when the service has it. */
function tryOnce(client: ReturnType<typeof guarded>, seen: Seen, signal: AbortSignal) {
  const before = seen.calls;
  const attempt = async (): Promise<unknown> => {
    for (;;) {
      try {
        return await client.encode({}, { signal });
      } catch (error) {
        if (seen.calls > before) throw error;
        await sleep(20);
      }
    }
  };
  return { begun: until("a call is let through", () => seen.calls > before), end: attempt() };
}

test("breaker() stops asking a silent service, says when to try again, and finds it when it is back", async () => {
  const { service, seen } = await start();
  cleanUp.push(() => service.drain());
  const changes: boolean[] = [];
  const client = guarded(service.port, changes);
  await client.encode({}, { signal: NEVER });
  seen.mode = "silent";
  for (let i = 0; i < 5; i++) {
    await expect(client.encode({}, soon())).rejects.toMatchObject({ code: "deadline_exceeded" });
  }
  expect(changes).toEqual([true]);
  const before = seen.calls;
  await expect(client.encode({}, { signal: NEVER })).rejects.toMatchObject({
    code: "unavailable",
    retryAfterSeconds: 2,
  });
  await expect(lengthsOf(client)).rejects.toMatchObject({ code: "unavailable" });
  expect(seen.calls).toBe(before);
  seen.mode = "answer";
  await until("the breaker closes", async () => {
    await client.encode({}, { signal: NEVER }).catch(() => {});
    return changes.length === 2;
  });
  expect(changes).toEqual([true, false]);
  expect(await client.encode({}, { signal: NEVER })).toMatchObject({ cached: true });
});

test("breaker() lets one call try, and nobody waits for it, however long it may take", async () => {
  const { seen, changes, client } = await startMissed();
  const controller = new AbortController();
  const trying = tryOnce(client, seen, controller.signal);
  await trying.begun;
  const before = seen.calls;
  await expect(client.encode({}, { signal: NEVER })).rejects.toMatchObject({ code: "unavailable" });
  expect(seen.calls).toBe(before);
  seen.mode = "answer";
  await until("the breaker closes", async () => {
    await client.encode({}, { signal: NEVER }).catch(() => {});
    return changes.length === 2;
  });
  controller.abort(new Error("enough"));
  await expect(trying.end).rejects.toThrow("enough");
  expect(changes).toEqual([true, false]);
});

test("breaker() learns nothing of a caller that leaves", async () => {
  const { seen, changes, client } = await startMissed();
  const controller = new AbortController();
  const trying = tryOnce(client, seen, controller.signal);
  await trying.begun;
  controller.abort(new DomainError("cancelled", "Cannot go on as the caller has gone"));
  await expect(trying.end).rejects.toMatchObject({ code: "cancelled" });
  expect(changes).toEqual([true]);
});

test("breaker() takes what a service says itself for a sign of life", async () => {
  const { service, seen } = await start();
  cleanUp.push(() => service.drain());
  const changes: boolean[] = [];
  const client = guarded(service.port, changes);
  seen.mode = "refuse";
  for (let i = 0; i < 6; i++) {
    await expect(client.encode({}, { signal: NEVER })).rejects.toMatchObject({
      message: "Cannot take the call now",
    });
  }
  seen.mode = "silent";
  for (let i = 0; i < 4; i++) await client.encode({}, soon()).catch(() => {});
  seen.mode = "refuse";
  await client.encode({}, { signal: NEVER }).catch(() => {});
  seen.mode = "silent";
  for (let i = 0; i < 4; i++) await client.encode({}, soon()).catch(() => {});
  expect(changes).toEqual([]);
});

test("breaker() gives a stream as it comes", async () => {
  const { service } = await start();
  cleanUp.push(() => service.drain());
  const client = guarded(service.port);
  expect(await lengthsOf(client)).toEqual([1, 2]);
});
