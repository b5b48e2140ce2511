import type { RunningAnswer, RunningAnswers } from "../running_answers.ts";
import { startAnswer, type StartOptions } from "../start_answer.ts";
import type { IdempotencyKeys, KeyedRequest } from "./idempotency_keys.ts";

/**
 * The answer of a keyed request: one that runs or has ended well, or a new one. Who gets it is counted as its reader
 * until `caller` is aborted.
 *
 * @throws {DomainError} `idempotency_key_reused`; what the answer throws before its first event.
 */
export async function keyedAnswer(
  { keys, answers }: { readonly keys: IdempotencyKeys<string>; readonly answers: RunningAnswers },
  request: KeyedRequest,
  options: StartOptions,
  caller: AbortSignal,
): Promise<RunningAnswer> {
  const { tenantScope } = options;
  const id = await keys.once(
    request,
    {
      run: async (readers) => (await startAnswer(answers, options, readers)).id,
      holds: (earlier) => answers.peek(earlier, tenantScope)?.isSound === true,
    },
    caller,
  );
  return answers.own(id, tenantScope);
}
