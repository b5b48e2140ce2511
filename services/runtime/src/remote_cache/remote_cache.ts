import { createHash, randomUUID } from "node:crypto";
import { DomainError } from "@medv/proto";
import { Redis } from "ioredis";
import type { Logger } from "../logger.ts";
import type { RemoteCacheOptions } from "./cache_settings.ts";
import { aesCipher, PLAIN, type ValueCipher } from "./value_cipher.ts";

/** Whose value it is, and which. */
export type CacheName = { readonly tenantScope: string; readonly key: string };

/**
 * Values that processes share. A cache that fails costs time and nothing else: no method but {@link delete} rejects, and
 * what cannot be read is missing.
 */
export type RemoteCache = {
  get(name: CacheName): Promise<Uint8Array | undefined>;
  /** Values that are too large are left out. */
  set(name: CacheName, value: Uint8Array, ttlSeconds: number): Promise<void>;
  /**
   * Also waits for a value that this process is about to set.
   *
   * @throws {DomainError} `unavailable` if the value may still be there.
   */
  delete(name: CacheName): Promise<void>;
  close(): void;
};

/** A large value in one piece would hold up everybody else's small ones. */
const CHUNK_BYTES = 512 << 10;
/** Chunks that are asked for at once. */
const CHUNKS_PER_READ = 4;
/** 37 tiles of the published tower. */
const MAX_VALUE_BYTES = 64 << 20;
const COMMAND_TIMEOUT_MS = 500;
/** How long a server that failed is not asked. */
const REST_MS = 1000;

/** No cache is shared. */
export const NO_REMOTE_CACHE: RemoteCache = {
  get: () => Promise.resolve(undefined),
  set: () => Promise.resolve(),
  delete: () => Promise.resolve(),
  close() {},
};

/** Opens the cache that the settings name; it may be down, and come later. */
export function openRemoteCache(
  options: RemoteCacheOptions | undefined,
  logger: Pick<Logger, "warn">,
): RemoteCache {
  return options === undefined ? NO_REMOTE_CACHE : new RedisCache(options, logger);
}

class RedisCache implements RemoteCache {
  readonly #redis: Redis;
  readonly #cipher: ValueCipher;
  readonly #logger: Pick<Logger, "warn">;
  /** Writes under way, by their head. */
  readonly #writes = new Map<string, Promise<void>>();
  #restUntilMs = 0;

  constructor({ url, key }: RemoteCacheOptions, logger: Pick<Logger, "warn">) {
    this.#cipher = key === undefined ? PLAIN : aesCipher(key);
    this.#logger = logger;
    this.#redis = new Redis(url, {
      enableOfflineQueue: false,
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: COMMAND_TIMEOUT_MS,
      maxRetriesPerRequest: 1,
    });
    this.#redis.on("error", (error: Error) => this.#rest(error));
  }

  async get(name: CacheName): Promise<Uint8Array | undefined> {
    return await this.#tolerate(async () => {
      const head = headOf(name);
      const written = readHead(await this.#redis.get(head));
      if (written === undefined) return undefined;
      const keys = chunkKeys(head, written);
      const chunks: Buffer[] = [];
      for (let start = 0; start < keys.length; start += CHUNKS_PER_READ) {
        const read = await this.#redis.mgetBuffer(keys.slice(start, start + CHUNKS_PER_READ));
        for (const chunk of read) {
          if (chunk === null) return undefined; // Evicted, or another process writes it anew.
          chunks.push(chunk);
        }
      }
      return this.#open(Buffer.concat(chunks), name);
    });
  }

  async set(name: CacheName, value: Uint8Array, ttlSeconds: number): Promise<void> {
    const head = headOf(name);
    const write = this.#tolerate(() => this.#write(name, value, ttlSeconds * 1000));
    this.#writes.set(head, write);
    await write;
    if (this.#writes.get(head) === write) this.#writes.delete(head);
  }

  async delete(name: CacheName): Promise<void> {
    const head = headOf(name);
    await this.#writes.get(head);
    try {
      const written = readHead(await this.#redis.getdel(head));
      if (written !== undefined) await this.#redis.del(...chunkKeys(head, written));
    } catch (cause) {
      throw new DomainError("unavailable", "Cannot delete as the shared cache cannot be reached", {
        cause,
        hint: "try again in a few seconds",
      });
    }
  }

  close(): void {
    this.#redis.disconnect();
  }

  async #write(name: CacheName, value: Uint8Array, ttlMs: number): Promise<void> {
    const sealed = Buffer.from(this.#cipher.seal(value, nameText(name)));
    if (sealed.length > MAX_VALUE_BYTES) return;
    const head = headOf(name);
    const chunks = Math.max(1, Math.ceil(sealed.length / CHUNK_BYTES));
    const written = { id: randomUUID(), chunks };
    for (const [index, key] of chunkKeys(head, written).entries()) {
      const chunk = sealed.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
      await this.#redis.set(key, chunk, "PX", ttlMs);
    }
    // The head comes last, so that what it names is whole; what stood there before goes.
    const before = await this.#redis.set(head, `${written.id} ${chunks}`, "PX", ttlMs, "GET");
    const old = readHead(before);
    if (old !== undefined) await this.#redis.del(...chunkKeys(head, old));
  }

  #open(sealed: Uint8Array, name: CacheName): Uint8Array | undefined {
    try {
      return this.#cipher.open(sealed, nameText(name));
    } catch {
      this.#logger.warn(
        { hint: "the server changed it, or a process has another MEDV_CACHE_KEY" },
        "cache-seal",
      );
      return undefined;
    }
  }

  async #tolerate<T>(action: () => Promise<T>): Promise<T | undefined> {
    if (performance.now() < this.#restUntilMs) return undefined;
    try {
      return await action();
    } catch (error) {
      this.#rest(error);
      return undefined;
    }
  }

  #rest(error: unknown): void {
    const wasResting = performance.now() < this.#restUntilMs;
    this.#restUntilMs = performance.now() + REST_MS;
    if (wasResting) return;
    this.#logger.warn({ message: error instanceof Error ? error.message : "" }, "cache-error");
  }
}

type Written = { readonly id: string; readonly chunks: number };

function nameText({ tenantScope, key }: CacheName): string {
  return `${tenantScope}\n${key}`;
}

/** Names are hashed: whoever lists keys learns nothing, and they are short. The braces keep chunks on one node. */
function headOf(name: CacheName): string {
  return `medv:{${createHash("sha256").update(nameText(name)).digest("base64url")}}`;
}

function readHead(text: string | null): Written | undefined {
  const [id, count] = text?.split(" ") ?? [];
  const chunks = Number(count);
  // Whatever stands there must not make us ask for millions of keys.
  const isOurs = Number.isInteger(chunks) && chunks >= 1 && chunks <= MAX_VALUE_BYTES / CHUNK_BYTES;
  return id !== undefined && isOurs ? { id, chunks } : undefined;
}

function chunkKeys(head: string, { id, chunks }: Written): string[] {
  return Array.from({ length: chunks }, (_, index) => `${head}:${id}:${index}`);
}
