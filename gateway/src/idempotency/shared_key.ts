import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { CacheName } from "@medv/runtime/remote_cache/cache_connection";
import type { Claim, SharedClaims } from "@medv/runtime/remote_cache/shared_claims";
import { z } from "zod";
import { fromBytes, toBytes } from "../json_bytes.ts";
import { type KeyedRequest, type KeyedWork, keyReused, KEY_TTL_MS } from "./keyed_work.ts";

/** Where gateways share keys, and what lies under them. */
export type SharedKeyOptions<T> = {
  readonly claims: SharedClaims;
  /** Of work: the same key for work of another kind is another one. */
  readonly kind: string;
  readonly result: z.ZodType<T>;
};

/** After so long without a sign of it the gateway that does the work is gone: one that stalls is not. */
const HOLD_MS = 15_000;
/** For so long after its last sign a gateway counts as one that waits for the work of another. */
const AWAIT_MS = 10_000;
/** How often a gateway looks whether another has done the work. */
const PACE_MS = 100;

/** The key of one request, under which only one of the gateways that share a cache does the work. */
export class SharedKey<T> {
  readonly #claims: SharedClaims;
  readonly #name: CacheName;
  readonly #fingerprint: string;
  readonly #schema: z.ZodType<{ fingerprint: string; result?: T | undefined }>;
  /** Whether this gateway does the work, or did it. */
  #isHere = false;

  constructor(
    { owner, key, fingerprint }: KeyedRequest,
    { claims, kind, result }: SharedKeyOptions<T>,
  ) {
    this.#claims = claims;
    this.#name = { tenantScope: owner, key: `${kind} key/${key}` };
    this.#fingerprint = fingerprint;
    this.#schema = z.object({ fingerprint: z.string(), result: result.optional() });
  }

  /**
   * What the work gives, here or at another gateway. Without the cache each gateway is alone.
   *
   * @param callers Aborted when nobody waits for it here.
   * @throws {DomainError} `idempotency_key_reused`; what the work throws here. Where it fails elsewhere it is done again.
   */
  async once({ run, holds }: KeyedWork<T>, callers: AbortSignal): Promise<T> {
    const pending = this.#claim();
    let over: Claim | undefined;
    for (;;) {
      const lying = await this.#claims.lay(this.#name, pending, { over, ttlMs: HOLD_MS });
      if (lying === pending) return await this.#do(run, pending, callers);
      // What cannot be read is of a gateway of another version.
      const record = lying && fromBytes(this.#schema, lying.value);
      if (record === undefined) return await run(callers);
      if (record.fingerprint !== this.#fingerprint) throw keyReused();
      if (record.result === undefined) await this.#wait(callers);
      else if (await holds(record.result)) return record.result;
      else over = lying;
    }
  }

  /** Whether another gateway waits for what this one does, or reads what came of it. */
  async isAwaited(): Promise<boolean> {
    return this.#isHere && (await this.#claims.isAwaited(this.#name)) === true;
  }

  /** Hands `items` on; for as long as they are read, the gateway that makes them knows of it. */
  async *reading<E>(items: AsyncGenerator<E>): AsyncGenerator<E> {
    const show = (): void => void this.#claims.await(this.#name, AWAIT_MS);
    show();
    const timer = setInterval(show, AWAIT_MS / 10);
    try {
      yield* items;
    } finally {
      clearInterval(timer);
    }
  }

  async #do(run: KeyedWork<T>["run"], pending: Claim, callers: AbortSignal): Promise<T> {
    this.#isHere = true;
    const ended = new AbortController();
    void this.#hold(pending, ended.signal);
    try {
      const result = await run(callers).finally(() => ended.abort());
      const ttlMs = KEY_TTL_MS;
      await this.#claims.lay(this.#name, this.#claim(result), { over: pending, ttlMs });
      return result;
    } catch (error) {
      await this.#claims.remove(this.#name, pending);
      throw error;
    }
  }

  /** Shows that the work goes on, anew where the cache lost everything. */
  async #hold(pending: Claim, ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      // The pause ends with the signal, which is looked at.
      await sleep(HOLD_MS / 10, undefined, { signal: ended, ref: false }).catch(() => {});
      if (!ended.aborted) await this.#claims.lay(this.#name, pending, { ttlMs: HOLD_MS });
    }
  }

  async #wait(callers: AbortSignal): Promise<void> {
    callers.throwIfAborted();
    await this.#claims.await(this.#name, AWAIT_MS);
    await sleep(PACE_MS);
  }

  /** The work under way, or its result; no two are the same. */
  #claim(result?: T): Claim {
    const record = { fingerprint: this.#fingerprint, result, nonce: randomUUID() };
    return this.#claims.seal(this.#name, toBytes(record));
  }
}
