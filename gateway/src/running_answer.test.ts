import { expect, test } from "vitest";
import type { AnswerEvent } from "./answer_event.ts";
import type { NumberedEvent } from "./kept_answer.ts";
import { RunningAnswer } from "./running_answer.ts";

const { signal } = new AbortController();

/** An answer that has said so many words, and what was given out of it so far. */
function start(words: number): { readonly answer: RunningAnswer; readonly seen: NumberedEvent[] } {
  const answer = new RunningAnswer(new AbortController(), { isShared: true });
  void answer.run(saying(words));
  const seen: NumberedEvent[] = [];
  void (async () => {
    for await (const event of answer.follow(-1, signal)) seen.push(event);
  })().catch(() => {});
  return { answer, seen };
}

async function* saying(words: number): AsyncGenerator<AnswerEvent> {
  for (let index = 0; index < words; index++) {
    yield { type: "text-delta", choice: 0, text: `${index} ` };
  }
  await new Promise(() => {});
}

/** Whatever can be done by now is done. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("an event is given out once other gateways have it, and at once while the cache is away", async () => {
  const { answer, seen } = start(5);
  await settled();
  expect(seen).toEqual([]);
  answer.share(2);
  await settled();
  expect(seen.map(({ number, isAlone }) => [number, isAlone])).toEqual([
    [0, false],
    [1, false],
  ]);
  answer.share(undefined);
  await settled();
  expect(seen.slice(2).map(({ number, isAlone }) => [number, isAlone])).toEqual([
    [2, true],
    [3, true],
    [4, true],
  ]);
});

test("an answer that another gateway goes on with has what that one has, and then an error", async () => {
  const { answer } = start(5);
  await settled();
  answer.share(2);
  answer.lose();
  const seen: number[] = [];
  const read = async (): Promise<void> => {
    for await (const { number } of answer.follow(-1, signal)) seen.push(number);
  };
  await expect(read()).rejects.toMatchObject({ code: "unavailable", hint: "take it up again" });
  expect(seen).toEqual([0, 1]);
  expect(answer.isSound).toBe(false);
});
