import { Priority } from "@medv/proto/diffusion";
import { expect, test } from "vitest";
import type { AnswerEvent } from "../answer_event.ts";
import { closingValue, encodeValue } from "../answer_log.ts";
import { toBytes } from "../json_bytes.ts";
import { newAnswerId } from "../kept_answer.ts";
import { RunningAnswers } from "../running_answers.ts";
import { SharedAnswers } from "../shared_answers.ts";
import { answerKeys, keyedAnswer } from "./keyed_answer.ts";

const QUESTION = {
  ...{ model: "phantom", messages: [], images: [], settings: {}, choices: 1 },
  ...{ priority: Priority.INTERACTIVE, tenantScope: "a", requestId: "r" },
};
const { signal } = new AbortController();

test("an answer of another gateway that the cache has told of and then not is made anew", async () => {
  const fingerprint = "f";
  const told = toBytes({ fingerprint, result: { id: newAnswerId(), startedAtMs: 1 }, nonce: "n" });
  const claims = {
    seal: (_name: object, value: Uint8Array) => ({ value, sealed: value }),
    lay: async () => Promise.resolve({ value: told, sealed: told }),
    remove: async () => {},
    await: async () => {},
    isAwaited: async () => Promise.resolve(undefined),
  };
  const event: AnswerEvent = { type: "text-delta", choice: 0, text: "anew" };
  // It ended well; a moment later the server is gone.
  const last = { values: [encodeValue(closingValue({}))], isHeld: false };
  const logs = {
    readLast: async () => Promise.resolve(last),
    read: async () => Promise.resolve(undefined),
    write: async () => Promise.resolve(undefined),
    askToStop: async () => Promise.resolve(undefined),
    take: async () => Promise.resolve(undefined),
  };
  const questions = {
    keep: async () => Promise.resolve(undefined),
    find: async () => Promise.resolve(undefined),
    ask: () => saying(event),
  };
  const answers = new RunningAnswers(new SharedAnswers(logs, questions));
  const answer = await keyedAnswer(
    { keys: answerKeys("answers", claims), answers },
    { owner: "a", key: "k", fingerprint },
    {
      async run(_signal, onAdmitted) {
        onAdmitted(QUESTION);
        return Promise.resolve(saying(event));
      },
      ...{ goesOn: false, ttlMs: 60_000, tenantScope: "a" },
    },
    signal,
  );
  const said: AnswerEvent[] = [];
  for await (const each of answer.follow(-1, signal)) said.push(each.event);
  expect(said).toEqual([event]);
  await answers.drain();
});

async function* saying(event: AnswerEvent): AsyncGenerator<AnswerEvent> {
  yield event;
}
