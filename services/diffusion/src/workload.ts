import { DomainError } from "@medv/proto";
import type { ProfileName } from "@medv/proto/profile_name";

/** What an answer's price is predicted from. */
export type AnswerSize = {
  readonly profile: ProfileName;
  /** To be generated, of all its choices. */
  readonly tokens: number;
  /** Prompt, image rows and answer. */
  readonly positions: number;
  /** When the caller stops waiting. */
  readonly deadline: Date | undefined;
};

/** An answer that was taken in. */
export type AdmittedAnswer = {
  /** A run is over of which so many milliseconds were this answer's share. */
  readonly ran: (shareMs: number) => void;
  /** It is over. @param whole Whether it ran to its end, so that its cost tells something about others. */
  readonly end: (whole: boolean) => void;
};

/** When no more is taken in. */
export type WorkloadLimits = {
  /** Answers that run together; as many are always taken in. */
  readonly maxRows: number;
  /** More predicted work than this is not taken in. */
  readonly maxQueueMs: number;
};

type Admitted = { readonly predictedMs: number; spentMs: number };

/** How much of a price is what the last answer cost. */
const NEWEST = 0.2;

/**
 * The work of all answers that were taken in, in milliseconds of the decoder. An answer's price is its tokens times its
 * positions times what that cost in answers of the same profile lately; as answers that run together share a run's time,
 * the price falls where batches are full, and the sum is when all of it will be done.
 */
export class Workload {
  readonly #limits: WorkloadLimits;
  readonly #answers = new Set<Admitted>();
  /** Milliseconds for a token and a position. */
  readonly #prices = new Map<ProfileName, number>();

  constructor(limits: WorkloadLimits) {
    this.#limits = limits;
  }

  /** Predicted work of all answers that were taken in and is not done yet, in seconds. */
  get queuedSeconds(): number {
    return this.#remainingMs() / 1000;
  }

  /**
   * Takes an answer in.
   *
   * @throws {DomainError} `overloaded` with the time after which there will be room, `deadline_exceeded` when it could not
   * be done in time even then.
   */
  admit({ profile, tokens, positions, deadline }: AnswerSize): AdmittedAnswer {
    const size = tokens * positions;
    const ahead = this.#remainingMs();
    const predictedMs = size * (this.#prices.get(profile) ?? 0);
    if (this.#answers.size >= this.#limits.maxRows) {
      this.#refuseWhenFull(ahead);
      if (deadline !== undefined)
        refuseWhenLate(ahead, predictedMs, deadline.getTime() - Date.now());
    }
    const answer: Admitted = { predictedMs, spentMs: 0 };
    this.#answers.add(answer);
    return {
      ran: (shareMs) => {
        answer.spentMs += shareMs;
      },
      end: (whole) => {
        if (!this.#answers.delete(answer) || !whole) return;
        const cost = answer.spentMs / size;
        const known = this.#prices.get(profile) ?? cost;
        this.#prices.set(profile, known + NEWEST * (cost - known));
      },
    };
  }

  #refuseWhenFull(aheadMs: number): void {
    const { maxQueueMs } = this.#limits;
    if (aheadMs <= maxQueueMs) return;
    throw new DomainError(
      "overloaded",
      `Cannot take the answer in as the work ahead takes ${seconds(aheadMs)} s: the limit is ${seconds(maxQueueMs)} s`,
      {
        hint: `try again in ${seconds(aheadMs - maxQueueMs)} s`,
        retryAfterSeconds: seconds(aheadMs - maxQueueMs),
      },
    );
  }

  #remainingMs(): number {
    let sum = 0;
    for (const { predictedMs, spentMs } of this.#answers) sum += Math.max(0, predictedMs - spentMs);
    return sum;
  }
}

function refuseWhenLate(aheadMs: number, predictedMs: number, leftMs: number): void {
  if (aheadMs + predictedMs <= leftMs) return;
  const message = `Cannot finish the answer in time as it would end in ${seconds(aheadMs + predictedMs)} s: ${seconds(leftMs)} s are left`;
  if (predictedMs > leftMs) {
    throw new DomainError("deadline_exceeded", message, { hint: "ask for a shorter answer" });
  }
  const retryAfterSeconds = seconds(aheadMs + predictedMs - leftMs);
  const hint = `try again in ${retryAfterSeconds} s`;
  throw new DomainError("overloaded", message, { hint, retryAfterSeconds });
}

/** Whole ones, at least 1. */
function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
