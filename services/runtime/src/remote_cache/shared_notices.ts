import { setTimeout as sleep } from "node:timers/promises";
import { DomainError } from "@medv/proto";
import { type CacheConnection, type CacheName, keyOf, nameText } from "./cache_connection.ts";

/** Notices that one process gives to all others, those too that could not listen for a while. */
export type SharedNotices = {
  /** @throws {DomainError} `unavailable` if the others may not hear of it. */
  post(notice: Uint8Array): Promise<void>;
  /** Hands on every notice that is kept and every later one, own ones too, until `signal` is aborted. */
  follow(onNotice: (notice: Uint8Array) => void, signal: AbortSignal): Promise<void>;
};

/** How often new ones are looked for. */
const PACE_MS = 1000;
/** Notices that are read at once. */
const READ_COUNT = 100;
/** About so many are kept. */
const MAX_NOTICES = 100_000;

/**
 * The notices of one kind.
 *
 * @param ttlMs How long they are kept after the newest.
 */
export function sharedNotices(
  connection: CacheConnection,
  name: CacheName,
  ttlMs: number,
): SharedNotices {
  const key = keyOf(name);
  return {
    async post(notice) {
      const sealed = Buffer.from(connection.cipher.seal(notice, nameText(name)));
      try {
        await connection.ask((redis) =>
          Promise.all([
            redis.xadd(key, "MAXLEN", "~", MAX_NOTICES, "*", "notice", sealed),
            redis.pexpire(key, ttlMs),
          ]),
        );
      } catch (cause) {
        throw new DomainError(
          "unavailable",
          "Cannot tell other processes as the shared cache cannot be reached",
          { cause, hint: "try again in a few seconds" },
        );
      }
    },
    async follow(onNotice, signal) {
      let last = "0-0";
      while (!signal.aborted) {
        const start = `(${last}`;
        const found = await connection.tolerate((redis) =>
          redis.xrangeBuffer(key, start, "+", "COUNT", READ_COUNT),
        );
        for (const [id, [, sealed]] of found ?? []) {
          last = id.toString();
          const notice = sealed && connection.open(sealed, nameText(name));
          if (notice) onNotice(notice);
        }
        // The pause ends with the signal, which is looked at above.
        if (found?.length !== READ_COUNT) {
          await sleep(PACE_MS, undefined, { signal, ref: false }).catch(() => {});
        }
      }
    },
  };
}
