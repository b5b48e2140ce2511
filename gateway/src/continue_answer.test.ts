import { array, assert, asyncProperty, integer, nat, string } from "fast-check";
import { expect, test } from "vitest";
import type { AnswerEvent } from "./answer_event.ts";
import { continueAnswer, seedOf } from "./continue_answer.ts";
import { NOTICE } from "./notice.ts";

type Delta = Extract<AnswerEvent, { type: "text-delta" }>;

const USAGE = {
  ...{ prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  details: {
    image_cache: "none" as const,
    ...{ image_rows: 0, forward_passes: 1, revisions: 0, seed: "5" },
    ...{ queue_ms: 0, embedding_ms: 0, decode_ms: 1 },
  },
};

function start(seed = 5, choice = 0): AnswerEvent {
  const asked = { profile: "exact", gen_length: 8, block_length: 8, steps: 8 } as const;
  const model = { model: "phantom", system_fingerprint: "fp_1", prompt_tokens: 1, image_rows: 0 };
  return { type: "answer-start", choice, ...model, ...asked, seed: String(seed) };
}

function draft(passes: number): AnswerEvent {
  const numbers = { choice: 0, block: 0, forward_passes: passes, revisions: 0 };
  return { type: "block-draft", ...numbers, tokens: [] };
}

function end(): AnswerEvent {
  const said = { finish_reason: "stop", usage: USAGE, notice: NOTICE } as const;
  return { type: "answer-end", choice: 0, system_fingerprint: "fp_1", ...said };
}

/** An answer that says the letters in pieces of these lengths, each a token. */
function answer(letters: readonly string[], lengths: readonly number[]): AnswerEvent[] {
  const events: AnswerEvent[] = [start()];
  for (let from = 0, turn = 0; from < letters.length; turn++) {
    const said = letters.slice(from, from + (lengths[turn % lengths.length] ?? 1));
    from += said.length;
    const tokens = said.map((text, index) => ({ text, logprob: -from - index }));
    events.push(draft(turn), { type: "text-delta", choice: 0, text: said.join(""), tokens });
  }
  return [...events, end()];
}

async function rest(given: AnswerEvent[], again: AnswerEvent[]): Promise<AnswerEvent[]> {
  const events: AnswerEvent[] = [];
  for await (const event of continueAnswer(given, saying(again))) events.push(event);
  return events;
}

async function* saying(events: AnswerEvent[]): AsyncGenerator<AnswerEvent> {
  yield* events;
}

function deltas(events: AnswerEvent[]): Delta[] {
  return events.filter((event) => event.type === "text-delta");
}

test("an answer goes on where it was cut, whatever the pieces of both runs: text and tokens are whole", async () => {
  const letters = array(string({ unit: "grapheme", minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 12,
  });
  const lengths = array(integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
  await assert(
    asyncProperty(letters, lengths, lengths, nat(40), async (said, first, second, cut) => {
      const whole = answer(said, first);
      const given = whole.slice(0, cut % whole.length);
      const joined = [...given, ...(await rest(given, answer(said, second)))];
      const text = deltas(joined).map((each) => each.text);
      expect(text.join("")).toBe(said.join(""));
      const tokens = deltas(joined).flatMap((each) => each.tokens ?? []);
      expect(tokens.map((each) => each.text)).toEqual(said);
      const types = joined.map(({ type }) => type);
      for (const once of ["answer-start", "answer-end"]) {
        expect(types.filter((type) => type === once)).toHaveLength(1);
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});

test("a run that is the same goes on with the very next event", async () => {
  const whole = answer(["a", "b", "c", "d", "e"], [2, 1]);
  for (let cut = 0; cut <= whole.length; cut++) {
    expect(await rest(whole.slice(0, cut), whole)).toEqual(whole.slice(cut));
  }
});

test("images that were told of are not told of again", async () => {
  const ready = [0, 1].map((index): AnswerEvent => {
    const size = { width: 8, height: 8, tiles: 1 };
    return { type: "image-ready", index, ...size, cached: index === 0 };
  });
  expect(await rest(ready.slice(0, 1), [...ready, start()])).toEqual([ready[1], start()]);
});

const BEGUN = answer(["a", "b", "c", "d"], [2]).slice(0, 3);

test.each([
  ["has other settings", [start(6)], []],
  ["says something else", [start(), { type: "text-delta", choice: 0, text: "aX" }], []],
  ["ends before", [start(), { type: "text-delta", choice: 0, text: "a" }, end()], []],
  ["goes on after the end", answer(["a", "b", "c"], [3]), [end()]],
] as [string, AnswerEvent[], AnswerEvent[]][])(
  "an answer is not continued with a run that %s",
  async (_how, again, more) => {
    await expect(rest([...BEGUN, ...more], again)).rejects.toMatchObject({
      code: "unavailable",
      hint: "ask again",
    });
  },
);

test("seedOf() gives the seed of the first choice, whichever has begun", () => {
  expect(seedOf([])).toBeUndefined();
  expect(seedOf([start(7, 2)])).toBe(5n);
  expect(seedOf([start(0, 1)])).toBe(2n ** 64n - 1n);
});
