import type { AnswerEvent } from "./answer_event.ts";

/** An event and its place in the answer, from 0. */
export type NumberedEvent = {
  readonly number: number;
  readonly event: AnswerEvent;
  /** Whether it was given out while the shared cache was away, so that another gateway may have another in its place. */
  readonly isAlone: boolean;
};

/** An answer that can be taken up again, wherever it runs. */
export type KeptAnswer = {
  readonly id: string;
  /** Whether this gateway runs it and did so from its start: no other has had readers who know more than the cache. */
  readonly isHere: boolean;
  /**
   * The events after number `after`, as they come; -1 for all.
   *
   * @throws What the answer failed with, after its last event; the signal's reason.
   */
  follow(after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent>;
  /** Ends the work; readers get a `cancelled` error. An answer that is finished stays as it is. */
  stop(): Promise<void>;
};

/** An event, or that there was a draft for which the shared cache had no room. */
export type KeptEvent = AnswerEvent | { readonly type: "left-out" };

/** What there is of an answer from some event on, and how it ended if it did. */
export type AnswerProgress = {
  readonly events: readonly KeptEvent[];
  readonly end: { readonly error?: unknown } | undefined;
  /** Resolves when there is more. */
  readonly changed: Promise<void>;
};

/** An id for an answer, which nobody can guess. */
export function newAnswerId(): string {
  return `ans_${crypto.randomUUID().replaceAll("-", "")}`;
}

/** How long an answer can be taken up again after its last event or reader, in milliseconds, unless less is asked for. */
export const ANSWER_TTL_MS = 10 * 60_000;
