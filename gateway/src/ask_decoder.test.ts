import { create } from "@bufbuild/protobuf";
import { DomainError } from "@medv/proto";
import { type GenerateResponse, GenerateResponseSchema } from "@medv/proto/diffusion";
import { expect, test } from "vitest";
import { askDecoder } from "./ask_decoder.ts";
import type { GenerateInput } from "./services.ts";

const { signal } = new AbortController();
const QUESTION: GenerateInput = { model: "phantom", choices: 2, settings: { genLength: 8 } };

/** Of each choice, what it says before the replica dies, or to its end. */
const START = ["start 0", "start 1"] as const;
const REST = ["draft 0", "draft 1", "end 0", "end 1"] as const;
type Step = (typeof START)[number] | (typeof REST)[number];

function responseOf(step: Step): GenerateResponse {
  const choice = Number(step.at(-1));
  if (step.startsWith("start")) {
    const value = { seed: BigInt(40 + choice) };
    return create(GenerateResponseSchema, { choice, event: { case: "answerStart", value } });
  }
  const name = step.startsWith("draft") ? "blockDraft" : "answerEnd";
  return create(GenerateResponseSchema, { choice, event: { case: name, value: {} } });
}

type Code = "unavailable" | "overloaded" | "embedding_not_found";

/** Asks a decoder that dies after `told` as often as told, and is well then; `later` is the code of all deaths but the first. */
async function ask(deaths: readonly (readonly Step[])[], code: Code, later = code) {
  const asked: (bigint | undefined)[] = [];
  const generate = async function* (question: GenerateInput): AsyncGenerator<GenerateResponse> {
    const told = deaths[asked.push(question.settings?.seed) - 1];
    for (const step of told ?? [...START, ...REST]) yield responseOf(step);
    if (told !== undefined) throw new DomainError(asked.length === 1 ? code : later, "gone");
  };
  const decoder = { generate, onAskedAgain: () => void (again += 1) };
  let again = 0;
  const seen: string[] = [];
  let failure: unknown;
  try {
    for await (const { event, choice } of askDecoder(decoder, QUESTION, { signal })) {
      seen.push(`${event.case} ${choice}`);
    }
  } catch (error) {
    failure = error instanceof DomainError ? error.code : error;
  }
  expect(again).toBe(asked.length - 1);
  return { seeds: asked, seen, failure };
}

const WHOLE = ["answerStart 0", "answerStart 1", "blockDraft 0", "blockDraft 1"];
const ENDS = ["answerEnd 0", "answerEnd 1"];

test.each([{ told: START }, { told: START.slice(0, 1) }])(
  "askDecoder() asks again with the seed of the start what is lost after $told, and starts are told once",
  async ({ told }) => {
    expect(await ask([told], "unavailable")).toEqual({
      seeds: [undefined, 40n],
      seen: [...WHOLE, ...ENDS],
      failure: undefined,
    });
  },
);

test.each([
  { what: "lost before a start", deaths: [[]], code: "unavailable" },
  { what: "lost after a draft", deaths: [[...START, "draft 1"]], code: "unavailable" },
  { what: "refused after its start", deaths: [START], code: "overloaded" },
] as const)("askDecoder() asks once for what is $what", async ({ deaths, code }) => {
  const { seeds, failure } = await ask(deaths, code);
  expect(seeds).toEqual([undefined]);
  expect(failure).toBe(code);
});

test("askDecoder() asks no third time", async () => {
  const { seeds, failure } = await ask([START, START], "unavailable");
  expect(seeds).toEqual([undefined, 40n]);
  expect(failure).toBe("unavailable");
});

test("askDecoder() says that the answer was lost where the embedding is lost too, as its caller can ask again", async () => {
  const { seeds, failure } = await ask([START, []], "unavailable", "embedding_not_found");
  expect(seeds).toEqual([undefined, 40n]);
  expect(failure).toBe("unavailable");
});
