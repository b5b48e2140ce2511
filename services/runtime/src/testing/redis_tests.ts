import { afterEach, beforeEach, test, type TestContext } from "vitest";
import type { Logger } from "../logger.ts";
import type { CacheConnection } from "../remote_cache/cache_connection.ts";
import { connectPatiently, REDIS_MISSING, type RedisServer, startRedis } from "./redis_server.ts";

/** What the tests of a file with a server have; the server is another one for each test. */
export type RedisTests = {
  readonly server: RedisServer;
  /** Another process's connection, until the test is over. */
  connect(key?: Uint8Array, logger?: Pick<Logger, "warn">): Promise<CacheConnection>;
  /** Starts the server again where it was, with nothing in it, once it was killed. */
  restart(): Promise<void>;
  /** Does this when the test is over, the latest first and the server's end last. */
  cleanUp(step: () => unknown): void;
};

/** Gives each test of this file a server of its own, where there is one. */
export function prepareRedis(): RedisTests {
  const steps: (() => unknown)[] = [];
  let server: RedisServer | undefined;
  beforeEach(async () => {
    if (REDIS_MISSING === undefined) server = await startRedis();
  });
  afterEach(async () => {
    for (const step of steps.splice(0).toReversed()) await step();
    await server?.kill();
  });
  const present = (): RedisServer => {
    if (server === undefined) throw new TypeError("Cannot use the server as no test has begun");
    return server;
  };
  return {
    get server() {
      return present();
    },
    async connect(key, logger) {
      const connection = await connectPatiently(present(), key, logger);
      steps.push(() => connection.close());
      return connection;
    },
    async restart() {
      server = await startRedis(Number(new URL(present().url).port));
    },
    cleanUp: (step) => void steps.push(step),
  };
}

/** A test that needs a server; where there is none it is skipped, and its name says why. */
export function redisTest(
  name: string,
  body: (context: TestContext) => Promise<void>,
  timeoutMs?: number,
): void {
  const [start, reason] =
    REDIS_MISSING === undefined ? [test, ""] : [test.skip, ` (${REDIS_MISSING})`];
  start(`${name}${reason}`, body, timeoutMs);
}
