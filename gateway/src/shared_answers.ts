import { setTimeout as sleep } from "node:timers/promises";
import { DomainError } from "@medv/proto";
import type { CacheName } from "@medv/runtime/remote_cache/cache_connection";
import type { LogTimes, SharedLogs } from "@medv/runtime/remote_cache/shared_logs";
import { decodeValue, errorOf } from "./answer_log.ts";
import {
  ANSWER_TTL_MS,
  type AnswerProgress,
  type KeptAnswer,
  type NumberedEvent,
} from "./kept_answer.ts";
import { publishAnswer } from "./publish_answer.ts";

/** A process that stalls is not gone. */
const HOLD_MS = 15_000;
/** How often what is new is looked for. */
const PACE_MS = 50;

/** Answers that any gateway can go on giving out: each is written into a log of the shared cache as it comes. */
export class SharedAnswers {
  readonly #logs: SharedLogs;
  readonly #times: LogTimes;
  readonly #draining = new AbortController();
  readonly #publishing = new Set<Promise<void>>();

  /** @param holdMs After so long without a sign of it the gateway that runs an answer is gone. */
  constructor(logs: SharedLogs, holdMs = HOLD_MS) {
    this.#logs = logs;
    this.#times = { ttlMs: ANSWER_TTL_MS, holdMs };
  }

  /**
   * Writes an answer of this gateway as it comes. Resolves when other gateways can find it, so that whoever has its id may
   * go to any of them at once, or when the cache could not be asked.
   *
   * @param progress What there is from an event's number on.
   */
  async publish(
    answer: Pick<KeptAnswer, "id" | "stop">,
    tenantScope: string,
    progress: (from: number) => AnswerProgress,
  ): Promise<void> {
    const name = nameOf(tenantScope, answer.id);
    const announced = this.#logs.write(name, { from: 0, values: [] }, this.#times);
    const options = { logs: this.#logs, name, times: this.#times, progress };
    const publishing = announced.then(() =>
      publishAnswer({ ...options, onStop: () => void answer.stop() }, this.#draining.signal),
    );
    this.#publishing.add(publishing);
    void publishing.finally(() => this.#publishing.delete(publishing));
    await announced;
  }

  /**
   * The answer that another gateway runs or ran.
   *
   * @throws {DomainError} `unavailable` while the shared cache cannot be asked.
   */
  async find(id: string, tenantScope: string): Promise<KeptAnswer | undefined> {
    const name = nameOf(tenantScope, id);
    const part = await this.#logs.read(name, 0);
    if (part === undefined) throw cacheAway();
    if (part.values.length === 0 && !part.isHeld) return undefined;
    return {
      id,
      follow: (after, signal) => this.#follow(name, after, signal),
      stop: async () => {
        const asked = await this.#logs.askToStop(name, ANSWER_TTL_MS);
        if (asked === undefined) throw cacheAway();
      },
    };
  }

  /** Whether another gateway runs the answer, or it has ended well there. */
  async isSound(id: string, tenantScope: string): Promise<boolean> {
    const part = await this.#logs.readLast(nameOf(tenantScope, id));
    const [last] = (part?.values ?? []).map(decodeValue);
    if (last?.type === "end" || last?.type === "error") return last.type === "end";
    return part?.isHeld === true;
  }

  /** Resolves when the answers of this gateway are written to their ends, as far as the cache takes them. */
  async drain(): Promise<void> {
    this.#draining.abort();
    await Promise.all(this.#publishing);
  }

  async *#follow(
    name: CacheName,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<NumberedEvent> {
    let number = after + 1;
    let seenMs = performance.now();
    for (;;) {
      signal.throwIfAborted();
      const { values, isHeld } = (await this.#logs.read(name, number)) ?? UNREADABLE;
      for (const value of values.map(decodeValue)) {
        if (value === undefined) throw otherVersion();
        if (value.type === "end") return;
        if (value.type === "error") throw errorOf(value);
        if (value.type === "event") yield { number, event: value.event };
        number += 1;
      }
      if (values.length > 0) {
        seenMs = performance.now();
        continue;
      }
      if (isHeld) seenMs = performance.now();
      else if (performance.now() - seenMs > this.#times.holdMs) throw writerGone();
      await sleep(PACE_MS);
    }
  }
}

/** As if there were no sign of the writer: the cache may come back. */
const UNREADABLE = { values: [], isHeld: false };

function nameOf(tenantScope: string, id: string): CacheName {
  return { tenantScope, key: `answer/${id}` };
}

function cacheAway(): DomainError {
  return new DomainError(
    "unavailable",
    "Cannot look for the answer as the shared cache cannot be reached",
    { hint: "try again in a few seconds" },
  );
}

function otherVersion(): DomainError {
  return new DomainError(
    "unavailable",
    "Cannot continue the answer as a gateway of another version makes it",
    { hint: "ask again" },
  );
}

function writerGone(): DomainError {
  return new DomainError(
    "unavailable",
    "Cannot continue the answer as nothing is heard of the gateway that makes it",
    { hint: "ask again" },
  );
}
