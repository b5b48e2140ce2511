import { randomUUID } from "node:crypto";
import { DomainError } from "@medv/proto";
import type { CacheName } from "@medv/runtime/remote_cache/cache_connection";
import type { LogTimes, SharedLogs } from "@medv/runtime/remote_cache/shared_logs";
import type { AnswerEvent } from "./answer_event.ts";
import { type AnswerValue, decodeValue } from "./answer_log.ts";
import { cannotContinue, continueAnswer, seedOf } from "./continue_answer.ts";
import { type KeptEvent, ANSWER_TTL_MS } from "./kept_answer.ts";
import type { KeptQuestion, KeptQuestions } from "./kept_questions.ts";

/** Whose answer it is, and which. */
export type AnswerPlace = { readonly id: string; readonly tenantScope: string };

/** Where an answer is written, by whom, and what it answers where that could be kept. */
export type WrittenAnswer = {
  readonly name: CacheName;
  readonly writer: string;
  readonly ttlMs: number;
  readonly kept: KeptQuestion | undefined;
};

/** An answer of a gateway that is gone, which nobody but this one goes on with. */
export type TakenAnswer = AnswerPlace & {
  readonly written: WrittenAnswer;
  /** What was given out. */
  readonly events: readonly KeptEvent[];
  readonly isStopAsked: boolean;
  /** What comes after. */
  readonly run: (signal: AbortSignal) => AsyncGenerator<AnswerEvent>;
};

/** Where answers and their questions are. */
export type TakeAnswerOptions = {
  readonly logs: SharedLogs;
  readonly questions: KeptQuestions;
  readonly times: (ttlMs: number) => LogTimes;
};

/**
 * Makes an answer this gateway's. Undefined where the gateway that runs it is there, another took it before, or the cache
 * has lost it.
 *
 * @throws {DomainError} `unavailable` where there is nothing to go on with.
 */
export async function takeAnswer(
  { logs, questions, times }: TakeAnswerOptions,
  place: AnswerPlace,
): Promise<TakenAnswer | undefined> {
  const name = nameOf(place);
  const writer = randomUUID();
  const state = await logs.take(name, writer, times(0));
  if (state === undefined || state.isTaken) return undefined;
  const values = await readAll(logs, name);
  // The cache fails just now: whoever follows the answer tries again once this writer counts as gone.
  if (values === undefined) return undefined;
  const events = values.flatMap((value) => eventOf(value) ?? []);
  // It has its end, or what cannot be read: who found nothing there asked for what comes behind.
  if (events.length < values.length) throw writerGone();
  const kept = await questions.find(place.id, place.tenantScope);
  const isWhole = events.length === state.length;
  return {
    ...{ ...place, events, isStopAsked: state.isStopAsked },
    written: { name, writer, ttlMs: kept?.ttlMs ?? ANSWER_TTL_MS, kept },
    run: (signal) => goOn(questions, events, isWhole ? kept : undefined, signal),
  };
}

/** Where the answer lies in the cache. */
export function nameOf({ id, tenantScope }: AnswerPlace): CacheName {
  return { tenantScope, key: `answer/${id}` };
}

/** What a reader is told of an answer that nobody goes on with. */
export function writerGone(): DomainError {
  return cannotContinue("nothing is heard of the gateway that makes it");
}

async function* goOn(
  questions: KeptQuestions,
  events: readonly KeptEvent[],
  kept: KeptQuestion | undefined,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent> {
  signal.throwIfAborted();
  if (kept === undefined) throw writerGone();
  const ends = events.filter(({ type }) => type === "answer-end").length;
  if (ends === kept.question.choices) return;
  try {
    yield* continueAnswer(events, questions.ask(kept.question, seedOf(events), signal));
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof DomainError && cause.code === "unavailable") throw cause;
    throw cannotContinue("it cannot be asked again", { cause });
  }
}

async function readAll(
  logs: SharedLogs,
  name: CacheName,
): Promise<(AnswerValue | undefined)[] | undefined> {
  const values: (AnswerValue | undefined)[] = [];
  for (;;) {
    const part = await logs.read(name, values.length);
    if (part === undefined) return undefined;
    if (part.values.length === 0) return values;
    values.push(...part.values.map(decodeValue));
  }
}

function eventOf(value: AnswerValue | undefined): KeptEvent | undefined {
  if (value?.type === "event") return value.event;
  return value?.type === "left-out" ? value : undefined;
}
