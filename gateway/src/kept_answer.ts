import type { AnswerEvent } from "./answer_event.ts";

/** An event and its place in the answer, from 0. */
export type NumberedEvent = { readonly number: number; readonly event: AnswerEvent };

/** An answer that can be taken up again, wherever it runs. */
export type KeptAnswer = {
  readonly id: string;
  /**
   * The events after number `after`, as they come; -1 for all.
   *
   * @throws What the answer failed with, after its last event; the signal's reason.
   */
  follow(after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent>;
  /** Ends the work; readers get a `cancelled` error. An answer that is finished stays as it is. */
  stop(): Promise<void>;
};

/** What there is of an answer from some event on, and how it ended if it did. */
export type AnswerProgress = {
  readonly events: readonly AnswerEvent[];
  readonly end: { readonly error?: unknown } | undefined;
};

/** An id for an answer, which nobody can guess. */
export function newAnswerId(): string {
  return `ans_${crypto.randomUUID().replaceAll("-", "")}`;
}

/** How long an answer can be taken up again after its last event or reader, in milliseconds. */
export const ANSWER_TTL_MS = 10 * 60_000;
