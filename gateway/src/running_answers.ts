import { DomainError } from "@medv/proto";
import { LRUCache } from "lru-cache";
import type { AnswerEvent } from "./answer_event.ts";
import type { AskedQuestion } from "./kept_questions.ts";
import type { KeptAnswer } from "./kept_answer.ts";
import { RunningAnswer } from "./running_answer.ts";
import type { SharedAnswers } from "./shared_answers.ts";
import type { TakenAnswer } from "./take_answer.ts";

/** Bound on what finished answers hold, in draft tokens of about 100 bytes. */
const MAX_TOKENS = 1 << 19;

/** Answers that others than their caller may read, each under an unguessable id, apart per tenant. */
export class RunningAnswers {
  readonly #answers = new LRUCache<string, RunningAnswer>({
    maxSize: MAX_TOKENS,
    updateAgeOnGet: true,
    dispose: (answer, _key, reason) => {
      if (reason !== "set") void answer.stop();
    },
  });
  readonly #shared: SharedAnswers | undefined;

  /** @param shared Where other gateways find the answers, if there are any. */
  constructor(shared?: SharedAnswers) {
    this.#shared = shared;
  }

  /**
   * Reads `events` to their end, whoever else reads them. Resolves when the answer can be found by its id.
   *
   * @param controller Ends the work; aborted by {@link RunningAnswer.stop}.
   * @param asked What it answers, and how long it is kept.
   */
  async start(
    events: AsyncGenerator<AnswerEvent>,
    controller: AbortController,
    asked: AskedQuestion,
  ): Promise<RunningAnswer> {
    const isShared = this.#shared !== undefined;
    const answer = new RunningAnswer(controller, { isShared });
    const key = keyOf(answer.id, asked.question.tenantScope);
    void this.#run(key, answer, { events, ttlMs: asked.ttlMs });
    await this.#shared?.publish(answer, asked, () => this.#lose(key, answer));
    return answer;
  }

  /**
   * The answer with this id, of whichever gateway.
   *
   * @throws {DomainError} `not_found`; `unavailable` while that cannot be found out.
   */
  async find(id: string, tenantScope: string): Promise<KeptAnswer> {
    const answer =
      this.peek(id, tenantScope) ??
      (await this.#shared?.find(id, tenantScope, (taken) => this.#goOn(taken)));
    if (answer !== undefined) return answer;
    throw notKnown();
  }

  /**
   * Ends the work on an answer, at whichever gateway.
   *
   * @throws {DomainError} As {@link find}.
   */
  async stop(id: string, tenantScope: string): Promise<void> {
    const answer = await this.find(id, tenantScope);
    await answer.stop();
    // Should this gateway die before the end is written, no other goes on with it.
    if (answer instanceof RunningAnswer) await this.#shared?.askToStop(answer.id, tenantScope);
  }

  /** Whether an answer runs, can be gone on with or has ended well, at whichever gateway. */
  async isSound(id: string, tenantScope: string): Promise<boolean> {
    const own = this.peek(id, tenantScope);
    return own?.isSound ?? (await this.#shared?.isSound(id, tenantScope)) ?? false;
  }

  /** The answer with this id, if it is kept here. */
  peek(id: string, tenantScope: string): RunningAnswer | undefined {
    return this.#answers.get(keyOf(id, tenantScope));
  }

  async #run(
    key: string,
    answer: RunningAnswer,
    { events, ttlMs }: { readonly events: AsyncGenerator<AnswerEvent>; readonly ttlMs: number },
  ): Promise<void> {
    // However long it takes, it is kept until its end.
    this.#answers.set(key, answer, { size: 1, ttl: 0 });
    await answer.run(events);
    // Its size is known now; one that was evicted stays so.
    if (this.#answers.has(key)) this.#answers.set(key, answer, { size: answer.size, ttl: ttlMs });
  }

  /** Goes on with the answer of a gateway that is gone. */
  #goOn(taken: TakenAnswer): RunningAnswer {
    const controller = new AbortController();
    const { id, tenantScope } = taken;
    const { ttlMs } = taken.written;
    const answer = new RunningAnswer(controller, { isShared: true, taken });
    if (taken.isStopAsked) void answer.stop();
    const key = keyOf(id, tenantScope);
    void this.#run(key, answer, { events: taken.run(controller.signal), ttlMs });
    this.#shared?.publishTaken(answer, taken, () => this.#lose(key, answer));
    return answer;
  }

  /** Another gateway goes on with it, as this one did not show itself for too long. */
  #lose(key: string, answer: RunningAnswer): void {
    answer.lose();
    if (this.#answers.peek(key) === answer) this.#answers.delete(key);
  }

  /** Resolves when other gateways have all that they need to go on with the answers of this one. */
  async drain(): Promise<void> {
    await this.#shared?.drain();
  }

  /** Ends the work of all. */
  close(): void {
    this.#answers.clear();
  }
}

function keyOf(id: string, tenantScope: string): string {
  return `${tenantScope}/${id}`;
}

function notKnown(): DomainError {
  return new DomainError(
    "not_found",
    "Cannot find the answer as its id is not known or has expired",
    { hint: "ask again" },
  );
}
