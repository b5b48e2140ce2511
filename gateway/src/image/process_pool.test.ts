import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { ProcessPool, type ProcessPoolOptions } from "./process_pool.ts";

type Job = {
  readonly kind: "echo" | "hold" | "throw" | "abort" | "spin" | "eat" | "refuse";
  readonly value: number;
};
type Result = { readonly value: number; readonly pid: number; readonly variables: string[] };

// A real process without images: it echoes, refuses, or dies, as it is told.
const folder = mkdtempSync(join(tmpdir(), "process-pool-"));
const MODULE = pathToFileURL(join(folder, "process.mjs"));
writeFileSync(
  MODULE,
  `process.on("message", ({ kind, value }) => {
    if (kind === "throw") throw new Error("the process's own bug");
    if (kind === "abort") process.abort();
    while (kind === "spin");
    const eaten = [];
    while (kind === "eat") eaten.push(new Uint8Array(1 << 26).fill(1));
    if (kind === "refuse") return process.send({ type: "failed", code: "damaged_image", message: "no", hint: "h" });
    const variables = Object.keys(process.env);
    const answer = () => process.send({ type: "done", result: { value, pid: process.pid, variables } });
    setTimeout(answer, kind === "hold" ? 300 : 0);
  });
  process.on("disconnect", () => process.exit(0));
  process.send({ type: "ready" });`,
);

describe("ProcessPool", { timeout: 60_000 }, () => {
  const pools: ProcessPool<Job, Result>[] = [];
  const { signal } = new AbortController();
  afterAll(() => rmSync(folder, { recursive: true }));
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
  });

  function open(options: Partial<ProcessPoolOptions> = {}) {
    const pool = new ProcessPool<Job, Result>({
      module: MODULE,
      processes: 1,
      memoryBytes: 1 << 30,
      timeoutMs: 60_000,
      queueBytes: 100,
      ...options,
    });
    pools.push(pool);
    return pool;
  }

  test("run() answers every job, with as many processes as it has", async () => {
    const pool = open({ processes: 2 });
    const values = [0, 1, 2, 3, 4, 5];
    const results = await Promise.all(
      values.map((value) => pool.run({ kind: "hold", value }, 1, signal)),
    );
    expect(results.map(({ value }) => value)).toEqual(values);
    expect(new Set(results.map(({ pid }) => pid)).size).toBe(2);
  });

  test("run() rejects with what the process answered", async () => {
    await expect(open().run({ kind: "refuse", value: 0 }, 1, signal)).rejects.toMatchObject({
      name: "DomainError",
      code: "damaged_image",
      message: "no",
      hint: "h",
    });
  });

  test.each([
    { kind: "throw", limit: {}, state: "they crash it or need more memory than it may have" },
    { kind: "abort", limit: {}, state: "they crash it or need more memory than it may have" },
    { kind: "eat", limit: {}, state: "they crash it or need more memory than it may have" },
    { kind: "spin", limit: { timeoutMs: 2000 }, state: "they take longer than 2000 ms" },
  ] as const)(
    "run() rejects the job whose process dies by $kind and goes on with the next",
    async ({ kind, limit, state }) => {
      const pool = open(limit);
      const [first, second] = await Promise.allSettled([
        pool.run({ kind, value: 1 }, 1, signal),
        pool.run({ kind: "echo", value: 2 }, 1, signal),
      ]);
      expect(first).toMatchObject({
        status: "rejected",
        reason: {
          code: "undecodable_image",
          message: `Cannot decode the image as its bytes must suit the decoder: ${state}`,
        },
      });
      expect(second).toMatchObject({ status: "fulfilled", value: { value: 2 } });
    },
  );

  test("run() rejects a job whose process cannot start, each time", async () => {
    const pool = open({ module: new URL("no_such_process.mjs", import.meta.url) });
    for (const value of [1, 2]) {
      await expect(pool.run({ kind: "echo", value }, 1, signal)).rejects.toMatchObject({
        code: "internal",
      });
    }
  });

  test("run() rejects at once with the abort reason and drops the job that waits", async () => {
    const pool = open();
    const controller = new AbortController();
    const inHand = pool.run({ kind: "hold", value: 1 }, 1, signal);
    // Would end the process if it were not dropped.
    const waiting = pool.run({ kind: "abort", value: 2 }, 1, controller.signal);
    const reason = new Error("the client has gone");
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    const { pid } = await inHand;
    await expect(pool.run({ kind: "echo", value: 3 }, 1, signal)).resolves.toMatchObject({
      value: 3,
      pid,
    });
  });

  test("run() ends the process of a job in hand that is aborted and goes on with another", async () => {
    const pool = open();
    const { pid } = await pool.run({ kind: "echo", value: 0 }, 1, signal);
    const controller = new AbortController();
    const inHand = pool.run({ kind: "spin", value: 1 }, 1, controller.signal);
    const reason = new Error("the client has gone");
    controller.abort(reason);
    await expect(inHand).rejects.toBe(reason);
    const next = await pool.run({ kind: "echo", value: 2 }, 1, signal);
    expect(next.value).toBe(2);
    expect(next.pid).not.toBe(pid);
  });

  test("run() does not begin when the signal is aborted already", async () => {
    const reason = new Error("the client has gone");
    await expect(open().run({ kind: "echo", value: 1 }, 1, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
  });

  test("run() shows its processes nothing of the environment", async () => {
    const { variables } = await open().run({ kind: "echo", value: 1 }, 1, signal);
    // The shell's own.
    expect(variables.filter((name) => !["PWD", "SHLVL", "_", "OLDPWD"].includes(name))).toEqual([]);
  });

  test("run() refuses the job for which there is no room, and says when to come back", async () => {
    const pool = open({ queueBytes: 10 });
    await pool.run({ kind: "hold", value: 0 }, 1, signal);
    const taken = [1, 2, 3].map((value) => pool.run({ kind: "hold", value }, value, signal));
    await expect(pool.run({ kind: "echo", value: 4 }, 6, signal)).rejects.toMatchObject({
      code: "overloaded",
      message: "Cannot decode the image as 2 wait already",
      retryAfterSeconds: expect.any(Number) as number,
    });
    taken.push(pool.run({ kind: "echo", value: 5 }, 5, signal));
    expect((await Promise.all(taken)).map(({ value }) => value)).toEqual([1, 2, 3, 5]);
  });

  test("close() finishes the job in hand and refuses those that wait and come", async () => {
    const pool = open();
    await pool.run({ kind: "echo", value: 0 }, 1, signal);
    const inHand = pool.run({ kind: "hold", value: 1 }, 1, signal);
    const waiting = pool.run({ kind: "echo", value: 2 }, 1, signal);
    const closed = pool.close();
    await expect(waiting).rejects.toMatchObject({ code: "unavailable" });
    await expect(inHand).resolves.toMatchObject({ value: 1 });
    await closed;
    await expect(pool.run({ kind: "echo", value: 3 }, 1, signal)).rejects.toMatchObject({
      code: "unavailable",
    });
  });

  test.each([
    { processes: 0 },
    { processes: -1 },
    { processes: 1.5 },
    { memoryBytes: 0 },
    { timeoutMs: 0 },
    { queueBytes: 0 },
  ])("refuses %j", (options) => {
    expect(() => open(options)).toThrow(RangeError);
  });
});
