import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { Redis } from "ioredis";
import { freePort } from "../free_port.ts";
import type { Logger } from "../logger.ts";
import { CacheConnection } from "../remote_cache/cache_connection.ts";
import { until } from "./until.ts";

/** Why tests against a real server are skipped here; undefined where they run. Long versions fail instead. */
export const REDIS_MISSING =
  process.env["MEDV_TEST_LENGTH"] === "long" ||
  spawnSync("redis-server", ["--version"]).status === 0
    ? undefined
    : "skipped as redis-server is not installed (Debian: apt-get install redis-server)";

/** A server of a test's own, which keeps nothing on disk. */
export type RedisServer = {
  readonly url: string;
  /** Everything that it keeps. */
  entries(): Promise<ReadonlyMap<string, Buffer>>;
  /** Ends it at once; its entries are lost. */
  kill(): Promise<void>;
};

/**
 * A connection that is there. It waits longer than a process does: a machine that is busy with other tests is no server
 * that fails.
 */
export async function connectPatiently(
  { url }: Pick<RedisServer, "url">,
  key?: Uint8Array,
  logger: Pick<Logger, "warn"> = { warn: () => {} },
): Promise<CacheConnection> {
  const connection = new CacheConnection({ url, key }, logger, 60_000);
  // Asked and not tolerated: before it is connected it would have a rest of a second.
  const isThere = (): Promise<boolean> =>
    connection
      .ask((redis) => redis.ping())
      .then(
        () => true,
        () => false,
      );
  await until("the cache answers", isThere);
  return connection;
}

/** @param port Any free one where it is missing. */
export async function startRedis(port?: number): Promise<RedisServer> {
  const chosen = port ?? (await freePort());
  const args = ["--port", String(chosen), "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"];
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  const ready = Promise.withResolvers<void>();
  child.on("error", (cause) =>
    ready.reject(new Error("Cannot start redis-server: is it installed?", { cause })),
  );
  child.on("exit", () => ready.reject(new Error("redis-server ended before it was ready")));
  child.stdout.on("data", (text: Buffer) => {
    if (text.includes("Ready to accept connections")) ready.resolve();
  });
  await ready.promise;
  const url = `redis://127.0.0.1:${chosen}`;
  return {
    url,
    async entries() {
      const redis = new Redis(url);
      const keys = await redis.keys("*");
      const values = await Promise.all(keys.map((key) => contentOf(redis, key)));
      redis.disconnect();
      return new Map(keys.map((key, index) => [key, values[index] ?? Buffer.alloc(0)]));
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** All bytes of an entry, of whatever kind. */
async function contentOf(redis: Redis, key: string): Promise<Buffer | null> {
  const type = await redis.type(key);
  if (type === "string") return await redis.getBuffer(key);
  if (type === "hash") return Buffer.concat(await redis.hvalsBuffer(key));
  if (type === "set") return Buffer.concat(await redis.smembersBuffer(key));
  const items = await redis.xrangeBuffer(key, "-", "+");
  return Buffer.concat(items.flatMap(([, fields]) => fields));
}
