import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { IdempotencyKeys } from "./idempotency_keys.ts";
import type { KeyedWork } from "./keyed_work.ts";

afterEach(() => vi.restoreAllMocks());

const REQUEST = { owner: "a", key: "k", fingerprint: "f" };
const ALONE = { claims: undefined, kind: "test", result: z.string() };
const stays = new AbortController().signal;

/** Work that counts its runs, and ends when it is told to. */
function counted() {
  const gate = Promise.withResolvers<void>();
  const seen = { runs: 0, signals: [] as AbortSignal[] };
  const work: KeyedWork<string> = {
    run: async (callers) => {
      seen.signals.push(callers);
      const name = `run ${++seen.runs}`;
      await gate.promise;
      return name;
    },
    holds: () => true,
  };
  return { work, seen, ...gate };
}

test("once() does the work once for callers at the same time and later", async () => {
  const keys = new IdempotencyKeys(ALONE);
  const { work, seen, resolve } = counted();
  const both = [keys.once(REQUEST, work, stays), keys.once(REQUEST, work, stays)];
  resolve();
  expect(await Promise.all(both)).toEqual(["run 1", "run 1"]);
  expect(await keys.once(REQUEST, work, stays)).toBe("run 1");
  expect(seen.runs).toBe(1);
});

test.each([
  { what: "another owner", change: { owner: "b" } },
  { what: "another key", change: { key: "l" } },
])("once() does it anew for $what", async ({ change }) => {
  const keys = new IdempotencyKeys(ALONE);
  const { work, resolve } = counted();
  resolve();
  await keys.once(REQUEST, work, stays);
  expect(await keys.once({ ...REQUEST, ...change }, work, stays)).toBe("run 2");
});

test("once() refuses another request under the key, also while the first is under way", async () => {
  const keys = new IdempotencyKeys(ALONE);
  const { work, resolve } = counted();
  const first = keys.once(REQUEST, work, stays);
  const other = { ...REQUEST, fingerprint: "g" };
  const refusal = { code: "idempotency_key_reused", field: "Idempotency-Key" };
  await expect(keys.once(other, work, stays)).rejects.toMatchObject(refusal);
  resolve();
  await first;
  await expect(keys.once(other, work, stays)).rejects.toMatchObject(refusal);
});

test("once() tells all who wait of a failure, and does not keep it", async () => {
  const keys = new IdempotencyKeys(ALONE);
  const { work, resolve, reject } = counted();
  const both = [keys.once(REQUEST, work, stays), keys.once(REQUEST, work, stays)];
  reject(new Error("full"));
  for (const each of both) await expect(each).rejects.toThrow("full");
  resolve();
  const again = counted();
  again.resolve();
  expect(await keys.once(REQUEST, again.work, stays)).toBe("run 1");
});

test("once() ends the work when the last caller goes away, and not before", async () => {
  const keys = new IdempotencyKeys(ALONE);
  const { work, seen, resolve } = counted();
  const [one, other] = [new AbortController(), new AbortController()];
  const both = [keys.once(REQUEST, work, one.signal), keys.once(REQUEST, work, other.signal)];
  one.abort();
  expect(seen.signals[0]?.aborted).toBe(false);
  other.abort();
  expect(seen.signals[0]?.aborted).toBe(true);
  // Who comes now does not get what the others left.
  const late = keys.once(REQUEST, work, stays);
  resolve();
  await Promise.all(both);
  expect(await late).toBe("run 2");
  expect(seen.signals[1]?.aborted).toBe(false);
});

test("once() does it anew, once, where the result does not stand any more", async () => {
  const keys = new IdempotencyKeys(ALONE);
  const { work, seen, resolve } = counted();
  resolve();
  await keys.once(REQUEST, work, stays);
  const fallen = { ...work, holds: (result: string) => result !== "run 1" };
  const both = [keys.once(REQUEST, fallen, stays), keys.once(REQUEST, fallen, stays)];
  expect(await Promise.all(both)).toEqual(["run 2", "run 2"]);
  expect(seen.runs).toBe(2);
});

test("once() forgets a key after ten minutes", async () => {
  const startMs = performance.now();
  const clock = vi.spyOn(performance, "now");
  // The cache looks at the clock at most once a millisecond of real time.
  const at = async (seconds: number): Promise<void> => {
    clock.mockReturnValue(startMs + seconds * 1000);
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const keys = new IdempotencyKeys(ALONE);
  const { work, resolve } = counted();
  resolve();
  await at(0);
  await keys.once(REQUEST, work, stays);
  await at(599);
  expect(await keys.once(REQUEST, work, stays)).toBe("run 1");
  await at(601);
  expect(await keys.once(REQUEST, work, stays)).toBe("run 2");
});
