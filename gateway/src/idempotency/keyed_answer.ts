import { DomainError } from "@medv/proto";
import type { SharedClaims } from "@medv/runtime/remote_cache/shared_claims";
import { z } from "zod";
import type { KeptAnswer } from "../kept_answer.ts";
import type { RunningAnswers } from "../running_answers.ts";
import { startAnswer, type StartOptions } from "../start_answer.ts";
import { IdempotencyKeys } from "./idempotency_keys.ts";
import type { KeyedRequest } from "./keyed_work.ts";

/** What is remembered of an answer. */
const resultSchema = z.object({ id: z.string(), startedAtMs: z.int() });

/** The keys of answers. */
export type AnswerKeys = IdempotencyKeys<z.output<typeof resultSchema>>;

/** An answer, the same for everybody who asked under its key. */
export type KeyedAnswer = Pick<KeptAnswer, "id" | "follow"> & { readonly startedAt: Date };

/**
 * The keys of one route.
 *
 * @param claims Undefined where there is one gateway only.
 */
export function answerKeys(route: string, claims: SharedClaims | undefined): AnswerKeys {
  return new IdempotencyKeys({ claims, kind: route, result: resultSchema });
}

/**
 * The answer of a keyed request: one that runs or has ended well, at whichever gateway, or a new one. Who gets it is
 * counted as its reader until `caller` is aborted.
 *
 * @throws {DomainError} `idempotency_key_reused`; what the answer throws before its first event.
 */
export async function keyedAnswer(
  { keys, answers }: { readonly keys: AnswerKeys; readonly answers: RunningAnswers },
  request: KeyedRequest,
  options: StartOptions,
  caller: AbortSignal,
): Promise<KeyedAnswer> {
  const { tenantScope } = options;
  const { id, startedAtMs } = await keys.once(
    request,
    {
      run: async (readers) => {
        const started = await startAnswer(answers, options, readers);
        return { id: started.id, startedAtMs: started.startedAt.getTime() };
      },
      holds: (earlier) => answers.isSound(earlier.id, tenantScope),
    },
    caller,
  );
  const startedAt = new Date(startedAtMs);
  const own = answers.peek(id, tenantScope);
  if (own !== undefined) return { id, startedAt, follow: (...from) => own.follow(...from) };
  const other = await answers.find(id, tenantScope).catch(nothingWhereLost);
  if (other === undefined) return await startAnswer(answers, options, caller);
  return {
    id,
    startedAt,
    follow: (...from) => keys.reading(request, other.follow(...from)),
  };
}

/** The cache may fail, or lose the answer, after it told of it: without it each gateway is alone. */
function nothingWhereLost(error: unknown): undefined {
  const isLost =
    error instanceof DomainError && (error.code === "unavailable" || error.code === "not_found");
  if (!isLost) throw error;
}
