import { type CacheConnection, type CacheName, keyOf, nameText } from "./cache_connection.ts";

/** What a process lays under a name, as itself and as it lies there. */
export type Claim = { readonly value: Uint8Array; readonly sealed: Uint8Array };

/** What may be replaced, and how long the new claim then lies there. */
export type LayOptions = { readonly over?: Claim | undefined; readonly ttlMs: number };

/** Names under each of which one claim lies at a time; what they answer is undefined where the server cannot be asked. */
export type SharedClaims = {
  /** @param value No two claims may have the same. */
  seal(name: CacheName, value: Uint8Array): Claim;
  /**
   * Lays `claim` under the name if it lies there already, or nothing else than `over` does.
   *
   * @returns What lies there then.
   */
  lay(name: CacheName, claim: Claim, options: LayOptions): Promise<Claim | undefined>;
  /** Takes `claim` away, if it lies there. */
  remove(name: CacheName, claim: Claim): Promise<void>;
  /** Shows for a while that somebody waits for what is done under the name. */
  await(name: CacheName, ttlMs: number): Promise<void>;
  isAwaited(name: CacheName): Promise<boolean | undefined>;
};

const LAY = `
local found = redis.call("get", KEYS[1])
if found and found ~= ARGV[1] and found ~= ARGV[2] then return found end
redis.call("set", KEYS[1], ARGV[1], "PX", ARGV[3])
return false`;

const REMOVE = `
if redis.call("get", KEYS[1]) == ARGV[1] then redis.call("del", KEYS[1]) end`;

/** The claims behind a connection. */
export function sharedClaims(connection: CacheConnection): SharedClaims {
  return {
    seal: (name, value) => ({ value, sealed: connection.cipher.seal(value, nameText(name)) }),
    async lay(name, claim, { over = claim, ttlMs }) {
      const sealed = [claim, over].map((each) => Buffer.from(each.sealed));
      const found = await connection.tolerate((redis) =>
        redis.callBuffer("eval", [LAY, 1, keyOf(name), ...sealed, ttlMs]),
      );
      if (found === null) return claim;
      if (!Buffer.isBuffer(found)) return undefined;
      const value = connection.open(found, nameText(name));
      return value && { value, sealed: found };
    },
    async remove(name, { sealed }) {
      await connection.tolerate((redis) => redis.eval(REMOVE, 1, keyOf(name), Buffer.from(sealed)));
    },
    async await(name, ttlMs) {
      await connection.tolerate((redis) => redis.set(awaitedKey(name), "", "PX", ttlMs));
    },
    async isAwaited(name) {
      const count = await connection.tolerate((redis) => redis.exists(awaitedKey(name)));
      return count === undefined ? undefined : count === 1;
    },
  };
}

function awaitedKey(name: CacheName): string {
  return `${keyOf(name)}:awaited`;
}
