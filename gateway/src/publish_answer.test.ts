import { expect, test } from "vitest";
import { publishAnswer } from "./publish_answer.ts";

test("publishAnswer() gives a cache that does not answer a second before it writes again", async () => {
  const triedMs: number[] = [];
  await publishAnswer(
    {
      logs: {
        write: (_name, { from, values }) => {
          triedMs.push(performance.now());
          const state = { length: from + values.length, isStopAsked: false };
          return Promise.resolve(triedMs.length < 3 ? undefined : state);
        },
        read: () => Promise.resolve(undefined),
        readLast: () => Promise.resolve(undefined),
        askToStop: () => Promise.resolve(undefined),
      },
      name: { tenantScope: "a", key: "answer" },
      times: { ttlMs: 600_000, holdMs: 0 },
      progress: () => ({ events: [], end: {} }),
      onStop: () => {},
    },
    new AbortController().signal,
  );
  expect(triedMs).toHaveLength(3);
  const [first = 0, second = 0, third = 0] = triedMs;
  // Timers may be a millisecond early.
  expect(Math.min(second - first, third - second)).toBeGreaterThan(990);
});
