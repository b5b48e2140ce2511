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
