import { isDeepStrictEqual } from "node:util";
import { DomainError } from "@medv/proto";
import type { AnswerEvent } from "./answer_event.ts";
import type { KeptEvent } from "./kept_answer.ts";

/** What was given out of one choice, and how much of it the new run has come to. */
type Choice = {
  readonly start: AnswerEvent | undefined;
  readonly hasEnded: boolean;
  /** Committed, and not said again yet. */
  text: string;
  drafts: number;
  tokens: number;
};

/**
 * What a new run of a question says beyond what was given out of another run. Drafts of the two may differ; settings and
 * committed text may not.
 *
 * @param given What was given out, without gaps.
 * @throws {DomainError} `unavailable` where the new run is of other settings, or says something else.
 */
export async function* continueAnswer(
  given: readonly KeptEvent[],
  events: AsyncGenerator<AnswerEvent>,
): AsyncGenerator<AnswerEvent> {
  const images = given.filter(({ type }) => type === "image-ready").length;
  const choices = new Map<number, Choice>();
  for await (const event of events) {
    if (event.type === "image-ready") {
      if (event.index >= images) yield event;
      continue;
    }
    const choice = choices.get(event.choice) ?? givenOf(given, event.choice);
    choices.set(event.choice, choice);
    const rest = restOf(event, choice);
    if (rest !== undefined) yield rest;
  }
}

/** The seed with which the answer was begun, once that is known. */
export function seedOf(given: readonly KeptEvent[]): bigint | undefined {
  const start = given.find((event) => event.type === "answer-start");
  // Each choice has the seed before it plus one.
  return start && BigInt.asUintN(64, BigInt(start.seed) - BigInt(start.choice));
}

/** What a reader is told of an answer that cannot be continued. */
export function cannotContinue(
  why: string,
  { cause, hint = "ask again" }: { readonly cause?: unknown; readonly hint?: string } = {},
): DomainError {
  return new DomainError("unavailable", `Cannot continue the answer as ${why}`, { hint, cause });
}

function givenOf(given: readonly KeptEvent[], choice: number): Choice {
  const events = given.filter((event) => "choice" in event && event.choice === choice);
  const deltas = events.filter((event) => event.type === "text-delta");
  return {
    start: events.find((event) => event.type === "answer-start"),
    hasEnded: events.some(({ type }) => type === "answer-end"),
    text: deltas.map(({ text }) => text).join(""),
    drafts: events.filter(({ type }) => type === "block-draft").length,
    tokens: deltas.reduce((sum, { tokens }) => sum + (tokens?.length ?? 0), 0),
  };
}

/** What of an event was not given out. */
function restOf(
  event: Exclude<AnswerEvent, { type: "image-ready" }>,
  choice: Choice,
): AnswerEvent | undefined {
  switch (event.type) {
    case "answer-start":
      if (choice.start === undefined) return event;
      if (isDeepStrictEqual(event, choice.start)) return undefined;
      throw cannotContinue("another model or other settings would go on with it");
    case "block-draft":
      choice.drafts -= 1;
      return choice.drafts < 0 && choice.text === "" ? event : undefined;
    case "text-delta":
      return restOfText(event, choice);
    case "answer-end":
      if (choice.text !== "") throw otherText();
      return choice.hasEnded ? undefined : event;
    default:
      return event satisfies never;
  }
}

/** The first delta that goes on is split where the given text ends inside of it. */
function restOfText(
  { tokens, ...event }: Extract<AnswerEvent, { type: "text-delta" }>,
  choice: Choice,
): AnswerEvent | undefined {
  const { length } = choice.text;
  const isSaid = choice.text.startsWith(event.text);
  if (!isSaid && !event.text.startsWith(choice.text)) throw otherText();
  const text = event.text.slice(length);
  if (choice.hasEnded && text !== "") throw otherText();
  choice.text = choice.text.slice(event.text.length);
  const left = tokens?.slice(choice.tokens) ?? [];
  choice.tokens = Math.max(0, choice.tokens - (tokens?.length ?? 0));
  if (text === "" && left.length === 0) return undefined;
  return { ...event, text, ...(left.length > 0 && { tokens: left }) };
}

function otherText(): DomainError {
  return cannotContinue("what would follow does not fit what was said");
}
