import { expect, test } from "vitest";
import { publishAnswer } from "./publish_answer.ts";

test("publishAnswer() gives a cache that does not answer a second before it writes again", async () => {
  const triedMs: number[] = [];
  await publishAnswer(
    {
      logs: {
        write: (_name, { from, values }) => {
          triedMs.push(performance.now());
          const state = { length: from + values.length, isStopAsked: false, isTaken: false };
          return Promise.resolve(triedMs.length < 3 ? undefined : state);
        },
        read: () => Promise.resolve(undefined),
        readLast: () => Promise.resolve(undefined),
        askToStop: () => Promise.resolve(undefined),
        take: () => Promise.resolve(undefined),
      },
      name: { tenantScope: "a", key: "answer" },
      writer: "a",
      times: { ttlMs: 600_000, holdMs: 0 },
      progress: () => ({ events: [], end: {}, changed: new Promise(() => {}) }),
      onShared: () => {},
      onClosed: () => {},
      onStop: () => {},
      onTaken: () => {},
    },
    new AbortController().signal,
  );
  expect(triedMs).toHaveLength(3);
  const [first = 0, second = 0, third = 0] = triedMs;
  // Timers may be a millisecond early.
  expect(Math.min(second - first, third - second)).toBeGreaterThan(990);
});

test("publishAnswer() ends with the first write that is refused, as another gateway goes on", async () => {
  let tries = 0;
  let taken = 0;
  await publishAnswer(
    {
      logs: {
        write: () => {
          tries += 1;
          return Promise.resolve({ length: 0, isStopAsked: false, isTaken: true });
        },
        read: () => Promise.resolve(undefined),
        readLast: () => Promise.resolve(undefined),
        askToStop: () => Promise.resolve(undefined),
        take: () => Promise.resolve(undefined),
      },
      name: { tenantScope: "a", key: "answer" },
      writer: "a",
      times: { ttlMs: 600_000, holdMs: 1000 },
      progress: () => ({ events: [], end: undefined, changed: new Promise(() => {}) }),
      onShared: () => {},
      onClosed: () => {},
      onStop: () => {},
      onTaken: () => void (taken += 1),
    },
    new AbortController().signal,
  );
  expect([tries, taken]).toEqual([1, 1]);
});

test("publishAnswer() leaves time to take what runs from a writer that is gone, and keeps what ended as long as was said", async () => {
  const draining = new AbortController();
  const ttls: number[] = [];
  const change = Promise.withResolvers<void>();
  let hasEnded = false;
  await publishAnswer(
    {
      logs: {
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
        read: () => Promise.resolve(undefined),
        readLast: () => Promise.resolve(undefined),
        askToStop: () => Promise.resolve(undefined),
        take: () => Promise.resolve(undefined),
      },
      name: { tenantScope: "a", key: "answer" },
      writer: "a",
      times: { ttlMs: 6000, holdMs: 6000 },
      progress: () => ({
        events: [],
        end: hasEnded ? {} : undefined,
        changed: change.promise,
      }),
      onShared: () => {},
      onClosed: () => draining.abort(),
      onStop: () => {},
      onTaken: () => {},
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
