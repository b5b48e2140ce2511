import { createHash } from "node:crypto";
import { Redis } from "ioredis";
import type { Logger } from "../logger.ts";
import { warnOfBound } from "./cache_bound.ts";
import type { RemoteCacheOptions } from "./cache_settings.ts";
import { aesCipher, PLAIN, type ValueCipher } from "./value_cipher.ts";

/** Whose entry it is, and which. */
export type CacheName = { readonly tenantScope: string; readonly key: string };

const TIMEOUT_MS = 500;
/** How long a server that failed is not asked. */
const REST_MS = 1000;

/** The way to the server that processes share; it may be down, and come later. */
export class CacheConnection {
  /** What values are sealed with. */
  readonly cipher: ValueCipher;
  readonly #redis: Redis;
  readonly #logger: Pick<Logger, "warn">;
  #restUntilMs = 0;

  /** @param timeoutMs For connecting, and for every command. */
  constructor(
    { url, key }: RemoteCacheOptions,
    logger: Pick<Logger, "warn">,
    timeoutMs = TIMEOUT_MS,
  ) {
    this.cipher = key === undefined ? PLAIN : aesCipher(key);
    this.#logger = logger;
    this.#redis = new Redis(url, {
      enableOfflineQueue: false,
      commandTimeout: timeoutMs,
      connectTimeout: timeoutMs,
      maxRetriesPerRequest: 1,
    });
    this.#redis.on("error", (error: Error) => this.#rest(error));
    this.#redis.on("ready", () => void warnOfBound(this.#redis, logger));
  }

  /** What the server answers; rejects where it cannot be asked. */
  async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    return await question(this.#redis);
  }

  /** The same, but undefined where the server cannot be asked; after a failure it has a rest. */
  async tolerate<T>(question: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    if (performance.now() < this.#restUntilMs) return undefined;
    try {
      return await question(this.#redis);
    } catch (error) {
      this.#rest(error);
      return undefined;
    }
  }

  /** The value that was sealed under `name`; undefined if it was changed since, which is logged. */
  open(sealed: Uint8Array, name: string): Uint8Array | undefined {
    try {
      return this.cipher.open(sealed, name);
    } catch {
      this.#logger.warn(
        { hint: "the server changed it, or a process has another MEDV_CACHE_KEY" },
        "cache-seal",
      );
      return undefined;
    }
  }

  close(): void {
    this.#redis.disconnect();
  }

  #rest(error: unknown): void {
    const wasResting = performance.now() < this.#restUntilMs;
    this.#restUntilMs = performance.now() + REST_MS;
    if (wasResting) return;
    this.#logger.warn({ message: error instanceof Error ? error.message : "" }, "cache-error");
  }
}

/** Connects to the server that the settings name, if they name one. */
export function openCacheConnection(
  options: RemoteCacheOptions | undefined,
  logger: Pick<Logger, "warn">,
): CacheConnection | undefined {
  return options === undefined ? undefined : new CacheConnection(options, logger);
}

/** A name as one text, which no other name has. */
export function nameText({ tenantScope, key }: CacheName): string {
  return `${tenantScope}\n${key}`;
}

/** Names are hashed: whoever lists keys learns nothing, and they are short. The braces keep what begins so on one node. */
export function keyOf(name: CacheName): string {
  return `medv:{${createHash("sha256").update(nameText(name)).digest("base64url")}}`;
}
