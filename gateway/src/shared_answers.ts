import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError } from "@medv/proto";
import type { LogTimes, SharedLogs } from "@medv/runtime/remote_cache/shared_logs";
import { decodeValue, errorOf } from "./answer_log.ts";
import { cannotContinue } from "./continue_answer.ts";
import { type KeptAnswer, ANSWER_TTL_MS, type NumberedEvent } from "./kept_answer.ts";
import type { AskedQuestion, KeptQuestions } from "./kept_questions.ts";
import { publishAnswer } from "./publish_answer.ts";
import type { RunningAnswer } from "./running_answer.ts";
import {
  type AnswerPlace,
  nameOf,
  takeAnswer,
  type TakenAnswer,
  writerGone,
  type WrittenAnswer,
} from "./take_answer.ts";

/** After so long without a sign of it the gateway that runs an answer is gone: should it come back, it is refused. */
const HOLD_MS = 6000;
/** How long an answer that cannot be read is waited for: the cache may come back. */
const AWAY_MS = 15_000;
/** How often what is new is looked for. */
const PACE_MS = 50;

/**
 * Answers that any gateway can go on giving out, each written into a log of the shared cache as it comes; and go on with, as
 * what was asked lies there too.
 */
export class SharedAnswers {
  readonly #logs: SharedLogs;
  readonly #questions: KeptQuestions;
  readonly #holdMs: number;
  readonly #draining = new AbortController();
  readonly #publishing = new Set<Promise<void>>();

  /** @param holdMs After so long without a sign of it the gateway that runs an answer is gone. */
  constructor(logs: SharedLogs, questions: KeptQuestions, holdMs = HOLD_MS) {
    this.#logs = logs;
    this.#questions = questions;
    this.#holdMs = holdMs;
  }

  /**
   * Writes an answer of this gateway as it comes. Resolves when other gateways can find it, so that whoever has its id may
   * go to any of them at once, or when the cache could not be asked.
   *
   * @param onTaken Called when another gateway goes on with it.
   */
  async publish(answer: RunningAnswer, asked: AskedQuestion, onTaken: () => void): Promise<void> {
    const { question, ttlMs } = asked;
    const name = nameOf({ id: answer.id, tenantScope: question.tenantScope });
    const writer = randomUUID();
    const begin = async (): Promise<WrittenAnswer> => {
      const kept = await this.#questions.keep(answer.id, asked);
      await this.#logs.write(name, { writer, from: 0, values: [] }, this.#times(ttlMs));
      return { name, writer, ttlMs, kept };
    };
    const begun = begin();
    this.#publish(answer, begun, onTaken);
    await begun;
  }

  /** As {@link publish}, of an answer that was taken. */
  publishTaken(answer: RunningAnswer, { written }: TakenAnswer, onTaken: () => void): void {
    this.#publish(answer, Promise.resolve(written), onTaken);
  }

  /**
   * The answer that another gateway runs or ran.
   *
   * @param goOn Goes on with it once that gateway is gone.
   * @throws {DomainError} `unavailable` while the shared cache cannot be asked.
   */
  async find(
    id: string,
    tenantScope: string,
    goOn: (taken: TakenAnswer) => KeptAnswer,
  ): Promise<KeptAnswer | undefined> {
    const place = { id, tenantScope };
    const part = await this.#logs.read(nameOf(place), 0);
    if (part === undefined) throw cacheAway();
    if (part.values.length === 0 && !part.isHeld) return undefined;
    return {
      id,
      isHere: false,
      follow: (after, signal) => this.#follow(place, goOn, after, signal),
      stop: async () => {
        if (!(await this.askToStop(id, tenantScope))) throw cacheAway();
      },
    };
  }

  /** Has the gateway stop that runs an answer, or would go on with it. False where the cache could not be asked. */
  async askToStop(id: string, tenantScope: string): Promise<boolean> {
    return (await this.#logs.askToStop(nameOf({ id, tenantScope }), ANSWER_TTL_MS)) !== undefined;
  }

  /** Whether another gateway runs the answer, it can be gone on with, or it has ended well. */
  async isSound(id: string, tenantScope: string): Promise<boolean> {
    const part = await this.#logs.readLast(nameOf({ id, tenantScope }));
    const [last] = (part?.values ?? []).map(decodeValue);
    if (last?.type === "end" || last?.type === "error") return last.type === "end";
    return last !== undefined || part?.isHeld === true;
  }

  /** Resolves when the answers of this gateway are written to their ends, as far as the cache takes them. */
  async drain(): Promise<void> {
    this.#draining.abort();
    await Promise.all(this.#publishing);
  }

  #publish(answer: RunningAnswer, begun: Promise<WrittenAnswer>, onTaken: () => void): void {
    const publish = async (): Promise<void> => {
      const { name, writer, ttlMs, kept } = await begun;
      let forgetting: Promise<void> | undefined;
      const options = {
        ...{ logs: this.#logs, name, writer, times: this.#times(ttlMs), onTaken },
        progress: (from: number) => answer.progress(from),
        onShared: (count: number | undefined) => answer.share(count),
        onClosed: () => {
          forgetting = kept?.forget();
        },
        onStop: () => void answer.stop(),
      };
      await publishAnswer(options, this.#draining.signal);
      // Before the cache is closed.
      await forgetting;
    };
    const publishing = publish();
    this.#publishing.add(publishing);
    void publishing.finally(() => this.#publishing.delete(publishing));
  }

  async *#follow(
    place: AnswerPlace,
    goOn: (taken: TakenAnswer) => KeptAnswer,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<NumberedEvent> {
    let number = after + 1;
    let seenMs = performance.now();
    for (;;) {
      signal.throwIfAborted();
      const part = await this.#logs.read(nameOf(place), number);
      const values = part?.values ?? [];
      for (const value of values.map(decodeValue)) {
        if (value === undefined) throw otherVersion();
        if (value.type === "end") return;
        if (value.type === "error") throw errorOf(value);
        if (value.type === "event") yield { number, event: value.event, isAlone: false };
        number += 1;
      }
      if (values.length > 0 || part?.isHeld === true) seenMs = performance.now();
      if (values.length > 0) continue;
      const taken = part?.isHeld === false ? await this.#take(place) : undefined;
      if (taken !== undefined) {
        const answer = goOn(taken);
        // The cache lost some of what was given out: what follows may not fit that.
        if (number > taken.events.length) throw writerGone();
        yield* answer.follow(number - 1, signal);
        return;
      }
      if (performance.now() - seenMs > AWAY_MS) throw writerGone();
      await sleep(PACE_MS);
    }
  }

  async #take(place: AnswerPlace): Promise<TakenAnswer | undefined> {
    const times = (ttlMs: number): LogTimes => this.#times(ttlMs);
    return await takeAnswer({ logs: this.#logs, questions: this.#questions, times }, place);
  }

  #times(ttlMs: number): LogTimes {
    // What runs is there, however short it is kept then.
    return { ttlMs: Math.max(ttlMs, this.#holdMs), holdMs: this.#holdMs };
  }
}

function cacheAway(): DomainError {
  return new DomainError(
    "unavailable",
    "Cannot look for the answer as the shared cache cannot be reached",
    { hint: "try again in a few seconds" },
  );
}

function otherVersion(): DomainError {
  return cannotContinue("a gateway of another version makes it");
}
