import { DomainError } from "@medv/proto";
import { LRUCache } from "lru-cache";
import type { AnswerEvent } from "./answer_event.ts";
import {
  ANSWER_TTL_MS,
  type AnswerProgress,
  type KeptAnswer,
  newAnswerId,
  type NumberedEvent,
} from "./kept_answer.ts";
import type { SharedAnswers } from "./shared_answers.ts";

/** Bound on what finished answers hold, in draft tokens of about 100 bytes. */
const MAX_TOKENS = 1 << 19;

/** Answers that others than their caller may read, each under an unguessable id, apart per tenant. */
export class RunningAnswers {
  readonly #answers = new LRUCache<string, RunningAnswer>({
    maxSize: MAX_TOKENS,
    ttl: ANSWER_TTL_MS,
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
   */
  async start(
    events: AsyncGenerator<AnswerEvent>,
    controller: AbortController,
    tenantScope: string,
  ): Promise<RunningAnswer> {
    const answer = new RunningAnswer(controller);
    const key = `${tenantScope}/${answer.id}`;
    this.#answers.set(key, answer, { size: 1 });
    void this.#run(key, answer, events);
    await this.#shared?.publish(answer, tenantScope, (from) => answer.progress(from));
    return answer;
  }

  /**
   * The answer with this id, of whichever gateway.
   *
   * @throws {DomainError} `not_found`; `unavailable` while that cannot be found out.
   */
  async find(id: string, tenantScope: string): Promise<KeptAnswer> {
    const answer = this.peek(id, tenantScope) ?? (await this.#shared?.find(id, tenantScope));
    if (answer !== undefined) return answer;
    throw notKnown();
  }

  /** Whether an answer runs or has ended well, at whichever gateway. */
  async isSound(id: string, tenantScope: string): Promise<boolean> {
    const own = this.peek(id, tenantScope);
    return own?.isSound ?? (await this.#shared?.isSound(id, tenantScope)) ?? false;
  }

  /** The answer with this id, if it is kept here. */
  peek(id: string, tenantScope: string): RunningAnswer | undefined {
    return this.#answers.get(`${tenantScope}/${id}`);
  }

  async #run(
    key: string,
    answer: RunningAnswer,
    events: AsyncGenerator<AnswerEvent>,
  ): Promise<void> {
    await answer.run(events);
    // Its size is known now; one that was evicted stays so.
    if (this.#answers.has(key)) this.#answers.set(key, answer, { size: answer.size });
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

/** One answer, with everything that was said so far. */
export class RunningAnswer implements KeptAnswer {
  readonly id = newAnswerId();
  readonly startedAt = new Date();
  readonly #controller: AbortController;
  readonly #events: AnswerEvent[] = [];
  #end: { readonly error?: unknown } | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(controller: AbortController) {
    this.#controller = controller;
  }

  /** What it holds, in draft tokens, and one for each event. */
  get size(): number {
    return this.#events.reduce(
      (sum, event) => sum + 1 + (event.type === "block-draft" ? event.tokens.length : 0),
      1,
    );
  }

  /** False once it has failed or been stopped. */
  get isSound(): boolean {
    return this.#end === undefined ? !this.#controller.signal.aborted : !("error" in this.#end);
  }

  /** Takes in `events`; an error is kept for the readers. */
  async run(events: AsyncGenerator<AnswerEvent>): Promise<void> {
    try {
      for await (const event of events) {
        this.#events.push(event);
        this.#notify();
      }
      this.#end = {};
    } catch (error) {
      this.#end = { error };
    }
    this.#notify();
  }

  /** What there is from event number `from` on. */
  progress(from: number): AnswerProgress {
    return { events: this.#events.slice(from), end: this.#end };
  }

  async *follow(after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent> {
    signal.addEventListener("abort", () => this.#notify(), { once: true });
    for (let number = after + 1; ; number++) {
      let event = this.#events[number];
      while (event === undefined) {
        signal.throwIfAborted();
        if (this.#end !== undefined) {
          if ("error" in this.#end) throw this.#end.error;
          return;
        }
        await this.#changed.promise;
        event = this.#events[number];
      }
      yield { number, event };
    }
  }

  stop(): Promise<void> {
    this.#controller.abort(
      new DomainError("cancelled", "Cannot finish the answer as it was stopped"),
    );
    return Promise.resolve();
  }

  #notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}

function notKnown(): DomainError {
  return new DomainError(
    "not_found",
    "Cannot find the answer as its id is not known or has expired",
    { hint: "ask again" },
  );
}
