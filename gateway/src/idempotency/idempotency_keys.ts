import { setTimeout as sleep } from "node:timers/promises";
import type { SharedClaims } from "@medv/runtime/remote_cache/shared_claims";
import { LRUCache } from "lru-cache";
import { type KeyedRequest, type KeyedWork, keyReused, KEY_TTL_MS } from "./keyed_work.ts";
import { SharedKey, type SharedKeyOptions } from "./shared_key.ts";

/** A key and its result's name are about a kilobyte. */
const MAX_KEYS = 16_384;
/** How often a gateway that nobody waits at any more looks whether somebody does at another. */
const PACE_MS = 500;

/** What there is to keys: `claims` is undefined where there is one gateway only. */
export type IdempotencyKeysOptions<T> = Omit<SharedKeyOptions<T>, "claims"> & {
  readonly claims: SharedClaims | undefined;
};

type Kept<T> = {
  readonly fingerprint: string;
  readonly result: Promise<T>;
  readonly callers: AbortController;
  readonly shared: SharedKey<T> | undefined;
  count: number;
  isPending: boolean;
};

/**
 * Does once what was asked for several times under one key, also while the first is still under way, at all gateways
 * that share a cache together. Results must be small, such as ids: they are kept as long as their keys. What failed is
 * not kept.
 *
 * @see draft-ietf-httpapi-idempotency-key-header
 */
export class IdempotencyKeys<T> {
  readonly #kept = new LRUCache<string, Kept<T>>({ max: MAX_KEYS, ttl: KEY_TTL_MS });
  readonly #options: IdempotencyKeysOptions<T>;

  constructor(options: IdempotencyKeysOptions<T>) {
    this.#options = options;
  }

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
      const kept = earlier ?? this.#start(name, request, work);
      join(kept, caller);
      const result = await kept.result;
      if (earlier === undefined || (await work.holds(result))) return result;
      this.#forget(name, kept);
    }
  }

  /** Hands on what another gateway makes under the key; for as long as it is read, that one knows of it. */
  reading<E>(request: KeyedRequest, items: AsyncGenerator<E>): AsyncGenerator<E> {
    return this.#shared(request)?.reading(items) ?? items;
  }

  #shared(request: KeyedRequest): SharedKey<T> | undefined {
    const { claims, ...rest } = this.#options;
    return claims && new SharedKey(request, { claims, ...rest });
  }

  #earlier(name: string, fingerprint: string): Kept<T> | undefined {
    const kept = this.#kept.get(name);
    if (kept !== undefined && kept.fingerprint !== fingerprint) throw keyReused();
    // What everybody left ends with an error that is not for the one who comes now.
    return kept?.isPending === true && kept.callers.signal.aborted ? undefined : kept;
  }

  #start(name: string, request: KeyedRequest, work: KeyedWork<T>): Kept<T> {
    const callers = new AbortController();
    const shared = this.#shared(request);
    const result = shared?.once(work, callers.signal) ?? work.run(callers.signal);
    const { fingerprint } = request;
    const kept: Kept<T> = { fingerprint, result, callers, shared, count: 0, isPending: true };
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
    if (kept.count === 0) void abandon(kept);
  };
  if (caller.aborted) leave();
  else caller.addEventListener("abort", leave, { once: true });
}

/** Ends what nobody waits for any more, neither here nor at another gateway. */
async function abandon<T>(kept: Kept<T>): Promise<void> {
  while (kept.shared !== undefined && kept.count === 0 && (await kept.shared.isAwaited())) {
    await sleep(PACE_MS, undefined, { ref: false });
  }
  if (kept.count === 0) kept.callers.abort();
}
