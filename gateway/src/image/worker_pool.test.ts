import { afterEach, describe, expect, test } from "vitest";
import { WorkerPool } from "./worker_pool.ts";

type Job = { readonly kind: "echo" | "throw" | "exit" | "refuse"; readonly value: number };

// A real worker without images: it echoes, refuses, or dies, as it is told.
const WORKER = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, threadId } from "node:worker_threads";
    parentPort.on("message", (request) => {
      if (request.type === "close") return parentPort.close();
      const { kind, value } = request.job;
      if (kind === "throw") throw new Error("the worker's own bug");
      if (kind === "exit") process.exit(7);
      if (kind === "refuse") {
        return parentPort.postMessage({ type: "failed", code: "damaged_image", message: "no", hint: "h", cause: new Error("c") });
      }
      setTimeout(() => parentPort.postMessage({ type: "done", result: { value, threadId } }), 10);
    });
  `)}`,
);

describe("WorkerPool", () => {
  const pools: WorkerPool<Job, { value: number; threadId: number }>[] = [];
  const { signal } = new AbortController();

  function open(workers: number) {
    const pool = new WorkerPool<Job, { value: number; threadId: number }>(WORKER, workers);
    pools.push(pool);
    return pool;
  }

  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
  });

  test("run() answers every job, with as many threads as it has", async () => {
    const pool = open(2);
    const values = [0, 1, 2, 3, 4, 5, 6, 7];
    const results = await Promise.all(
      values.map((value) => pool.run({ kind: "echo", value }, signal)),
    );
    expect(results.map(({ value }) => value)).toEqual(values);
    expect(new Set(results.map(({ threadId }) => threadId)).size).toBe(2);
  });

  test("run() rejects with what the worker answered", async () => {
    await expect(open(1).run({ kind: "refuse", value: 0 }, signal)).rejects.toMatchObject({
      name: "DomainError",
      code: "damaged_image",
      message: "no",
      hint: "h",
      cause: { message: "c" },
    });
  });

  test.each([
    { kind: "throw", exitCode: 1 },
    { kind: "exit", exitCode: 7 },
  ] as const)(
    "run() rejects the job in hand when its thread dies by $kind and goes on with the next",
    async ({ kind, exitCode }) => {
      const pool = open(1);
      const [first, second] = await Promise.allSettled([
        pool.run({ kind, value: 1 }, signal),
        pool.run({ kind: "echo", value: 2 }, signal),
      ]);
      expect(first).toMatchObject({
        status: "rejected",
        reason: {
          code: "internal",
          message: `Cannot finish the job as its worker thread must live: it left with code ${exitCode}`,
        },
      });
      expect(second).toMatchObject({ status: "fulfilled", value: { value: 2 } });
    },
  );

  test("run() rejects a job whose worker cannot start, each time", async () => {
    const pool = new WorkerPool<Job, never>(new URL("no_such_worker.ts", import.meta.url), 1);
    for (const value of [1, 2]) {
      await expect(pool.run({ kind: "echo", value }, signal)).rejects.toMatchObject({
        code: "internal",
      });
    }
    await pool.close();
  });

  test("run() rejects at once with the abort reason and drops the job that waits", async () => {
    const pool = open(1);
    const controller = new AbortController();
    const inHand = pool.run({ kind: "echo", value: 1 }, signal);
    // Would end the thread if it were not dropped.
    const waiting = pool.run({ kind: "exit", value: 2 }, controller.signal);
    const reason = new Error("the client has gone");
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    const { threadId } = await inHand;
    await expect(pool.run({ kind: "echo", value: 3 }, signal)).resolves.toEqual({
      value: 3,
      threadId,
    });
  });

  test("run() rejects the job in hand with the abort reason and its thread goes on", async () => {
    const pool = open(1);
    const { threadId } = await pool.run({ kind: "echo", value: 0 }, signal);
    const controller = new AbortController();
    const inHand = pool.run({ kind: "echo", value: 1 }, controller.signal);
    const reason = new Error("the client has gone");
    controller.abort(reason);
    await expect(inHand).rejects.toBe(reason);
    await expect(pool.run({ kind: "echo", value: 2 }, signal)).resolves.toEqual({
      value: 2,
      threadId,
    });
  });

  test("run() does not begin when the signal is aborted already", async () => {
    const reason = new Error("the client has gone");
    await expect(open(1).run({ kind: "echo", value: 1 }, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
  });

  test("close() finishes the job in hand and refuses those that wait and come", async () => {
    const pool = open(1);
    const inHand = pool.run({ kind: "echo", value: 1 }, signal);
    const waiting = pool.run({ kind: "echo", value: 2 }, signal);
    const closed = pool.close();
    await expect(waiting).rejects.toMatchObject({ code: "unavailable" });
    await expect(inHand).resolves.toMatchObject({ value: 1 });
    await closed;
    await expect(pool.run({ kind: "echo", value: 3 }, signal)).rejects.toMatchObject({
      code: "unavailable",
    });
  });

  test.each([0, -1, 1.5])("refuses %d workers", (workers) => {
    expect(() => new WorkerPool(WORKER, workers)).toThrow(RangeError);
  });
});
