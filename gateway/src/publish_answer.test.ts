import { expect, test } from "vitest";
import type { SharedLogs } from "@medv/runtime/remote_cache/shared_logs";
import { publishAnswer, type PublishOptions } from "./publish_answer.ts";

/** Publishes into logs of which only writing matters here. */
async function publish(
  {
    write,
    ...options
  }: Pick<SharedLogs, "write"> &
    Pick<PublishOptions, "times" | "progress"> &
    Partial<Pick<PublishOptions, "onClosed" | "onTaken">>,
  draining: AbortSignal = new AbortController().signal,
): Promise<void> {
  const logs: SharedLogs = {
    write,
    read: () => Promise.resolve(undefined),
    readLast: () => Promise.resolve(undefined),
    askToStop: () => Promise.resolve(undefined),
    take: () => Promise.resolve(undefined),
  };
  await publishAnswer(
    {
      logs,
      name: { tenantScope: "a", key: "answer" },
      writer: "a",
      onShared: () => {},
      onClosed: () => {},
      onStop: () => {},
      onTaken: () => {},
      ...options,
    },
    draining,
  );
}

test("publishAnswer() gives a cache that does not answer a second before it writes again", async () => {
  const triedMs: number[] = [];
  await publish({
    write: (_name, { from, values }) => {
      triedMs.push(performance.now());
      const state = { length: from + values.length, isStopAsked: false, isTaken: false };
      return Promise.resolve(triedMs.length < 3 ? undefined : state);
    },
    times: { ttlMs: 600_000, holdMs: 0 },
    progress: () => ({ events: [], end: {}, changed: new Promise(() => {}) }),
  });
  expect(triedMs).toHaveLength(3);
  const [first = 0, second = 0, third = 0] = triedMs;
  // Timers may be a millisecond early.
  expect(Math.min(second - first, third - second)).toBeGreaterThan(990);
});

test("publishAnswer() ends with the first write that is refused, as another gateway goes on", async () => {
  let tries = 0;
  let taken = 0;
  await publish({
    write: () => {
      tries += 1;
      return Promise.resolve({ length: 0, isStopAsked: false, isTaken: true });
    },
    times: { ttlMs: 600_000, holdMs: 1000 },
    progress: () => ({ events: [], end: undefined, changed: new Promise(() => {}) }),
    onTaken: () => void (taken += 1),
  });
  expect([tries, taken]).toEqual([1, 1]);
});

test("publishAnswer() leaves time to take what runs from a writer that is gone, and keeps what ended as long as was said", async () => {
  const draining = new AbortController();
  const ttls: number[] = [];
  const change = Promise.withResolvers<void>();
  let hasEnded = false;
  await publish(
    {
      write: (_name, { from, values }, { ttlMs }) => {
        ttls.push(ttlMs);
        hasEnded = true;
        change.resolve();
        return Promise.resolve({
          length: from + values.length,
          isStopAsked: false,
          isTaken: false,
        });
      },
      times: { ttlMs: 6000, holdMs: 6000 },
      progress: () => ({
        events: [],
        end: hasEnded ? {} : undefined,
        changed: change.promise,
      }),
      onClosed: () => draining.abort(),
    },
    draining.signal,
  );
  expect(ttls).toHaveLength(2);
  const [running = 0, ended = 0] = ttls;
  expect(running).toBeGreaterThan(2 * 6000);
  expect(ended).toBeLessThanOrEqual(6000);
  // A server takes whole milliseconds alone.
  expect(ttls.every(Number.isInteger)).toBe(true);
});
