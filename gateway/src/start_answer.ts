import type { Question } from "./admit_question.ts";
import type { AnswerEvent } from "./answer_event.ts";
import { callerGone } from "./request_controller.ts";
import type { RunningAnswer } from "./running_answer.ts";
import type { RunningAnswers } from "./running_answers.ts";

/** How an answer is started that others than its caller may read. */
export type StartOptions = {
  /** Asks, tells what is asked, and reads up to the first event. */
  readonly run: (
    signal: AbortSignal,
    onAdmitted: (question: Question) => void,
  ) => Promise<AsyncGenerator<AnswerEvent>>;
  /** Whether the work goes on when nobody reads it any more. */
  readonly goesOn: boolean;
  /** How long the answer is kept after its last event or reader. */
  readonly ttlMs: number;
  readonly tenantScope: string;
};

/**
 * Starts an answer. Until there is an id to come back to, the work is for its readers alone, even where it then goes on.
 *
 * @param readers Aborted when there is none.
 * @throws {DomainError} What the answer throws before its first event.
 */
export async function startAnswer(
  answers: RunningAnswers,
  { run, goesOn, ttlMs }: StartOptions,
  readers: AbortSignal,
): Promise<RunningAnswer> {
  const work = new AbortController();
  const abort = (): void => work.abort(callerGone());
  if (readers.aborted) abort();
  readers.addEventListener("abort", abort, { once: true });
  const admitted = Promise.withResolvers<Question>();
  const events = await run(work.signal, admitted.resolve);
  if (goesOn) readers.removeEventListener("abort", abort);
  return await answers.start(events, work, { question: await admitted.promise, ttlMs });
}
