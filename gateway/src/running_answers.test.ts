import { Priority } from "@medv/proto/diffusion";
import { expect, test } from "vitest";
import type { AnswerEvent } from "./answer_event.ts";
import { encodeValue } from "./answer_log.ts";
import { newAnswerId } from "./kept_answer.ts";
import { RunningAnswers } from "./running_answers.ts";
import { SharedAnswers } from "./shared_answers.ts";

const BEGUN: AnswerEvent = { type: "text-delta", choice: 0, text: "begun" };

test("an answer that was stopped is not even asked again by who takes it over", async () => {
  const lying = [encodeValue({ type: "event", event: BEGUN })];
  const logs = {
    read: async (_name: object, from: number) =>
      Promise.resolve({ values: lying.slice(from), isHeld: false }),
    readLast: async () => Promise.resolve(undefined),
    take: async () => Promise.resolve({ length: 1, isStopAsked: true, isTaken: false }),
    // It could not be learned later.
    write: async () => Promise.resolve(undefined),
    askToStop: async () => Promise.resolve(undefined),
  };
  let asked = 0;
  const question = {
    ...{ model: "phantom", messages: [], images: [], settings: {}, choices: 1 },
    ...{ priority: Priority.INTERACTIVE, tenantScope: "a", requestId: "r" },
  };
  const questions = {
    keep: async () => Promise.resolve(undefined),
    find: async () => Promise.resolve({ question, ttlMs: 1000, forget: async () => {} }),
    ask: async function* ask(): AsyncGenerator<AnswerEvent> {
      asked += 1;
      yield await Promise.resolve(BEGUN);
    },
  };
  const answers = new RunningAnswers(new SharedAnswers(logs, questions));
  const answer = await answers.find(newAnswerId(), "a");
  const read = answer.follow(0, new AbortController().signal).next();
  await expect(read).rejects.toMatchObject({ code: "cancelled" });
  expect(asked).toBe(0);
  await answers.drain();
});
