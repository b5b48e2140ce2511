import { createHash } from "node:crypto";
import { type CacheConnection, type CacheName, keyOf, nameText } from "./cache_connection.ts";

/** What came of taking from a count. */
export type Taking = {
  readonly taken: boolean;
  /** Until the count begins anew. */
  readonly waitMs: number;
};

/** Counts that processes share, each question one step of the server's; undefined where it cannot be asked. */
export type SharedCounts = {
  /** Adds `amount` to a count that begins anew in every window, unless it would pass `limit`. */
  take(
    name: CacheName,
    amount: number,
    rule: { readonly limit: number; readonly windowMs: number },
  ): Promise<Taking | undefined>;
  /** Whether `member` is in a set or found room there; the set is forgotten `ttlMs` after its newest member. */
  admit(
    name: CacheName,
    member: string,
    rule: { readonly limit: number; readonly ttlMs: number },
  ): Promise<boolean | undefined>;
};

const TAKE = `
local count = tonumber(redis.call("get", KEYS[1]) or "0")
local fits = count + tonumber(ARGV[1]) <= tonumber(ARGV[2])
if fits then
  redis.call("set", KEYS[1], 0, "PX", ARGV[3], "NX")
  redis.call("incrby", KEYS[1], ARGV[1])
end
return { fits and 1 or 0, redis.call("pttl", KEYS[1]) }`;

const ADMIT = `
if redis.call("sismember", KEYS[1], ARGV[1]) == 0 then
  if redis.call("scard", KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
  redis.call("sadd", KEYS[1], ARGV[1])
  redis.call("pexpire", KEYS[1], ARGV[3])
end
return 1`;

/** The counts behind a connection. */
export function sharedCounts(connection: CacheConnection): SharedCounts {
  return {
    async take(name, amount, { limit, windowMs }) {
      const answer = await connection.tolerate((redis) =>
        redis.eval(TAKE, 1, keyOf(name), amount, limit, windowMs),
      );
      if (!Array.isArray(answer)) return undefined;
      const [taken, waitMs] = answer.map(Number);
      return { taken: taken === 1, waitMs: Math.max(0, waitMs ?? 0) };
    },
    async admit(name, member, { limit, ttlMs }) {
      // As with names: whoever lists members cannot look for one that is known.
      const hidden = createHash("sha256").update(nameText(name)).update("\n").update(member);
      const answer = await connection.tolerate((redis) =>
        redis.eval(ADMIT, 1, keyOf(name), hidden.digest("base64url"), limit, ttlMs),
      );
      return answer === undefined ? undefined : answer === 1;
    },
  };
}
