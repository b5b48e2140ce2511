import { expect, test } from "vitest";
import type { AnswerRequest, Answerer } from "./answerers/answerer.ts";
import { blindfolded } from "./answerers/blindfolded.ts";
import { askAll, type Failure } from "./ask_all.ts";
import type { Dialogue } from "./dialogue.ts";
import type { Prediction, Predictions } from "./prediction.ts";

const NEVER = new AbortController().signal;

function memory(): Predictions & { readonly all: Prediction[] } {
  const all: Prediction[] = [];
  return {
    all,
    get: (system, id) => all.find((each) => each.system === system && each.question_id === id),
    append: (prediction) => void all.push(prediction),
  };
}

/** Says the question again, in capitals. */
function echo(onRequest: (request: AnswerRequest) => void = () => {}): Answerer {
  return async (request) => {
    onRequest(request);
    await Promise.resolve();
    const text = request.turns.at(-1)?.text.toUpperCase() ?? "";
    if (text === "FAIL") throw new Error("Cannot answer");
    return {
      text,
      usage: { forwardPasses: 4, completionTokens: 8, elapsedMs: 100 },
      finishReason: "stop",
    };
  };
}

function alone(count: number, question: string): Dialogue[] {
  return Array.from({ length: count }, (_, index) => ({
    image: "a.png",
    turns: [{ id: `${question}-${index}`, question }],
  }));
}

async function run(
  dialogues: readonly Dialogue[],
  answer: Answerer,
  predictions: Predictions = memory(),
  { concurrency = 2, signal = NEVER }: { concurrency?: number; signal?: AbortSignal } = {},
): Promise<Failure[]> {
  const failures: Failure[] = [];
  await askAll(
    dialogues,
    predictions,
    {
      system: { name: "echo", identity: "1", answer },
      settings: { profile: "exact", genLength: 64, steps: 32 },
      concurrency,
      onAnswer: () => {},
      onFailure: (failure) => failures.push(failure),
    },
    signal,
  );
  return failures;
}

const TALK: Dialogue = {
  image: "a.png",
  turns: [
    { id: "t/1", question: "what" },
    { id: "t/2", question: "where" },
  ],
};

test("askAll() gives a later turn the system's own earlier answers, also those of an earlier run", async () => {
  const predictions = memory();
  const asked: AnswerRequest[] = [];
  await run(
    [TALK],
    echo((request) => asked.push(request)),
    predictions,
  );
  const last = {
    image: "a.png",
    profile: "exact",
    genLength: 64,
    steps: 32,
    turns: [
      { role: "user", text: "what" },
      { role: "assistant", text: "WHAT" },
      { role: "user", text: "where" },
    ],
  };
  expect(asked[1]).toEqual(last);
  predictions.all.pop();
  await run(
    [TALK],
    echo((request) => asked.push(request)),
    predictions,
  );
  expect(asked).toHaveLength(3);
  expect(asked[2]).toEqual(last);
});

test("askAll() asks a question of its own length without the run's steps", async () => {
  const asked: AnswerRequest[] = [];
  const dialogue = { image: "a.png", turns: [{ id: "d", question: "q", genLength: 128 }] };
  await run(
    [dialogue],
    echo((request) => asked.push(request)),
  );
  expect(asked).toEqual([
    { image: "a.png", profile: "exact", genLength: 128, turns: [{ role: "user", text: "q" }] },
  ]);
});

test("askAll() asks as many dialogues at a time as it is told", async () => {
  let now = 0;
  let most = 0;
  const slow: Answerer = async (request, signal) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 2));
    now--;
    return await echo()(request, signal);
  };
  await run(alone(9, "q"), slow, memory(), { concurrency: 3 });
  expect(most).toBe(3);
});

test("askAll() reports a question that fails, leaves its dialogue and asks the others", async () => {
  const predictions = memory();
  const broken: Dialogue = {
    image: "a.png",
    turns: [{ id: "f", question: "fail" }, ...TALK.turns],
  };
  const failures = await run([broken, ...alone(2, "q")], echo(), predictions, { concurrency: 1 });
  expect(failures).toEqual([{ system: "echo", id: "f", message: "Cannot answer" }]);
  expect(predictions.all.map(({ question_id: id }) => id)).toEqual(["q-0", "q-1"]);
});

test("askAll() gives up when ten questions in a row fail", async () => {
  let asked = 0;
  const answer = echo(() => asked++);
  await expect(run(alone(30, "fail"), answer)).rejects.toThrow(
    "Cannot go on as 10 questions in a row failed, the last with: Cannot answer",
  );
  expect(asked).toBeLessThanOrEqual(11);
});

test("askAll() stops with the signal's reason and asks nothing more", async () => {
  const controller = new AbortController();
  let asked = 0;
  const answer = echo(() => {
    if (++asked === 2) controller.abort(new Error("Stopped"));
  });
  const done = run(alone(9, "q"), answer, memory(), { concurrency: 1, signal: controller.signal });
  await expect(done).rejects.toThrow("Stopped");
  expect(asked).toBe(2);
});

test("blindfolded() asks the same without the image", async () => {
  const asked: AnswerRequest[] = [];
  await run([TALK], blindfolded(echo((request) => asked.push(request))));
  expect(asked.map(({ image, turns }) => [image, turns.length])).toEqual([
    [undefined, 1],
    [undefined, 3],
  ]);
});
