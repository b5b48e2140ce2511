import type { Redis } from "ioredis";
import type { Logger } from "../logger.ts";

/**
 * Warns where the server that is shared grows without a bound, or refuses what is new once it is full. A server that does
 * not tell is left alone.
 */
export async function warnOfBound(redis: Redis, logger: Pick<Logger, "warn">): Promise<void> {
  // CONFIG, which would tell it too, is what operators forbid first.
  const info = await redis.info("memory").catch(() => "");
  const maxmemory = /^maxmemory:(\d+)/m.exec(info)?.[1];
  const policy = /^maxmemory_policy:([\w-]+)/m.exec(info)?.[1];
  if (maxmemory === "0") {
    const hint = "it grows without a bound: set maxmemory, and maxmemory-policy allkeys-lru";
    logger.warn({ maxmemory: 0, policy, hint }, "cache-unbounded");
  } else if (policy === "noeviction") {
    const hint = "once it is full nothing new is shared: set maxmemory-policy allkeys-lru";
    logger.warn({ maxmemory: Number(maxmemory), policy, hint }, "cache-keeps-all");
  }
}
