import type { AnswerEvent } from "./answer_event.ts";
import { callerGone } from "./request_controller.ts";
import type { RunningAnswer, RunningAnswers } from "./running_answers.ts";

/** How an answer is started that others than its caller may read. */
export type StartOptions = {
  /** Asks, and reads up to the first event. */
  readonly run: (signal: AbortSignal) => Promise<AsyncGenerator<AnswerEvent>>;
  /** Whether the work goes on when nobody reads it any more. */
  readonly goesOn: boolean;
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
  { run, goesOn, tenantScope }: StartOptions,
  readers: AbortSignal,
): Promise<RunningAnswer> {
  const work = new AbortController();
  const abort = (): void => work.abort(callerGone());
  if (readers.aborted) abort();
  readers.addEventListener("abort", abort, { once: true });
  const events = await run(work.signal);
  if (goesOn) readers.removeEventListener("abort", abort);
  return await answers.start(events, work, tenantScope);
}
