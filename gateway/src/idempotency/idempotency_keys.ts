import { DomainError } from "@medv/proto";
import { LRUCache } from "lru-cache";

/** A request by the name that its caller gave it. */
export type KeyedRequest = {
  /** Whose name it is; others may use the same one. */
  readonly owner: string;
  readonly key: string;
  /** Differs where what is asked differs. */
  readonly fingerprint: string;
};

/** What is to be done once. */
export type KeyedWork<T> = {
  /** Its signal is aborted when all who wait for it, or read what came of it, have gone away. */
  readonly run: (callers: AbortSignal) => Promise<T>;
  /** Whether an earlier result still stands; where it does not, the work is done anew. */
  readonly holds: (result: T) => boolean | Promise<boolean>;
};

/** How long a key is remembered, in milliseconds. */
const TTL_MS = 10 * 60_000;

/** A key and its result's name are about a kilobyte. */
const MAX_KEYS = 16_384;

type Kept<T> = {
  readonly fingerprint: string;
  readonly result: Promise<T>;
  readonly callers: AbortController;
  count: number;
  isPending: boolean;
};

/**
 * Does once what was asked for several times under one key, also while the first is still under way. Results must be
 * small, such as ids: they are kept as long as their keys. What failed is not kept.
 *
 * @see draft-ietf-httpapi-idempotency-key-header
 */
export class IdempotencyKeys<T> {
  readonly #kept = new LRUCache<string, Kept<T>>({ max: MAX_KEYS, ttl: TTL_MS });

  /**
   * What the work gives, now or before.
   *
   * @param caller Aborted when this caller goes away.
   * @throws {DomainError} `idempotency_key_reused` if something else was asked under the key; what the work throws.
   */
  async once(request: KeyedRequest, work: KeyedWork<T>, caller: AbortSignal): Promise<T> {
    const name = `${request.owner}/${request.key}`;
    for (;;) {
      const earlier = this.#earlier(name, request.fingerprint);
      const kept = earlier ?? this.#start(name, request.fingerprint, work);
      join(kept, caller);
      const result = await kept.result;
      if (earlier === undefined || (await work.holds(result))) return result;
      this.#forget(name, kept);
    }
  }

  #earlier(name: string, fingerprint: string): Kept<T> | undefined {
    const kept = this.#kept.get(name);
    if (kept !== undefined && kept.fingerprint !== fingerprint) throw reused();
    // What everybody left ends with an error that is not for the one who comes now.
    return kept?.isPending === true && kept.callers.signal.aborted ? undefined : kept;
  }

  #start(name: string, fingerprint: string, work: KeyedWork<T>): Kept<T> {
    const callers = new AbortController();
    const result = work.run(callers.signal);
    const kept: Kept<T> = { fingerprint, result, callers, count: 0, isPending: true };
    this.#kept.set(name, kept);
    result.then(
      () => (kept.isPending = false),
      () => this.#forget(name, kept),
    );
    return kept;
  }

  #forget(name: string, kept: Kept<T>): void {
    if (this.#kept.peek(name) === kept) this.#kept.delete(name);
  }
}

/** Counts a caller until it goes away. */
function join<T>(kept: Kept<T>, caller: AbortSignal): void {
  kept.count += 1;
  const leave = (): void => {
    kept.count -= 1;
    if (kept.count === 0) kept.callers.abort();
  };
  if (caller.aborted) leave();
  else caller.addEventListener("abort", leave, { once: true });
}

function reused(): DomainError {
  return new DomainError(
    "idempotency_key_reused",
    "Cannot take the request as its Idempotency-Key was used for another one",
    { field: "Idempotency-Key", hint: "use a new key for a new request" },
  );
}
