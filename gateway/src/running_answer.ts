import { DomainError } from "@medv/proto";
import type { AnswerEvent } from "./answer_event.ts";
import { cannotContinue } from "./continue_answer.ts";
import {
  type AnswerProgress,
  type KeptAnswer,
  type KeptEvent,
  newAnswerId,
  type NumberedEvent,
} from "./kept_answer.ts";

/** How an answer begins that is kept. */
export type RunningAnswerOptions = {
  /** Whether other gateways are to have each event before it is given out here. */
  readonly isShared: boolean;
  /** What was given out at another gateway, which is gone. */
  readonly taken?: { readonly id: string; readonly events: readonly KeptEvent[] };
};

/** One answer, with everything that was said so far. */
export class RunningAnswer implements KeptAnswer {
  readonly id: string;
  readonly isHere: boolean;
  readonly startedAt = new Date();
  readonly #controller: AbortController;
  readonly #events: KeptEvent[];
  /** How many other gateways have. Only they are given out: what a reader knows, another gateway must when this one dies. */
  #shared: number;
  /** All are given out while the cache is. */
  #isCacheAway = false;
  #end: { readonly error?: unknown } | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(controller: AbortController, { isShared, taken }: RunningAnswerOptions) {
    const events = taken?.events ?? [];
    this.id = taken?.id ?? newAnswerId();
    this.isHere = taken === undefined;
    this.#controller = controller;
    this.#events = [...events];
    this.#shared = isShared ? events.length : Infinity;
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
        if (this.#end !== undefined) return;
        this.#events.push(event);
        this.#notify();
      }
      this.#end ??= {};
    } catch (error) {
      this.#end ??= { error };
    }
    this.#notify();
  }

  /** What there is from event number `from` on. */
  progress(from: number): AnswerProgress {
    const { promise } = this.#changed;
    return { events: this.#events.slice(from), end: this.#end, changed: promise };
  }

  /** Other gateways have so many events; undefined while the cache is away. */
  share(count: number | undefined): void {
    this.#shared = count ?? this.#shared;
    this.#isCacheAway = count === undefined;
    this.#notify();
  }

  async *follow(after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent> {
    signal.addEventListener("abort", () => this.#notify(), { once: true });
    for (let number = after + 1; ; number++) {
      while (number >= this.#given) {
        signal.throwIfAborted();
        if (this.#end !== undefined && number >= this.#events.length) {
          if ("error" in this.#end) throw this.#end.error;
          return;
        }
        await this.#changed.promise;
      }
      const event = this.#events[number];
      const isAlone = number >= this.#shared;
      if (event !== undefined && event.type !== "left-out") yield { number, event, isAlone };
    }
  }

  /** Ends what another gateway goes on with; what that one does not have is nobody's. */
  lose(): void {
    const error = cannotContinue("another gateway goes on with it", { hint: "take it up again" });
    this.#controller.abort(error);
    this.#end = { error };
    this.#events.length = Math.min(this.#shared, this.#events.length);
    this.#notify();
  }

  stop(): Promise<void> {
    this.#controller.abort(
      new DomainError("cancelled", "Cannot finish the answer as it was stopped"),
    );
    return Promise.resolve();
  }

  get #given(): number {
    const { length } = this.#events;
    return this.#isCacheAway ? length : Math.min(this.#shared, length);
  }

  #notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}
