import type { Asker, Question } from "./admit_question.ts";
import { type AnswerSources, streamAnswer } from "./answer.ts";
import type { AnswerEvent } from "./answer_event.ts";
import type { AnswerRequest } from "./answer_request.ts";
import { withFirst } from "./event_stream.ts";

/**
 * How a request is answered once its work begins: up to the first event, so that every error before it is an HTTP answer.
 *
 * @returns Asks; tells `onAdmitted` what is asked. Throws as {@link streamAnswer} does.
 */
export function runOf(
  sources: AnswerSources,
  request: AnswerRequest,
  asker: Asker,
): (
  work: AbortSignal,
  onAdmitted?: (question: Question) => void,
) => Promise<AsyncGenerator<AnswerEvent>> {
  return (work, onAdmitted) => withFirst(streamAnswer(sources, request, asker, work, onAdmitted));
}
