import { randomUUID } from "node:crypto";
import { DomainError } from "@medv/proto";
import type { Redis } from "ioredis";
import type { Logger } from "../logger.ts";
import {
  type CacheConnection,
  type CacheName,
  keyOf,
  nameText,
  openCacheConnection,
} from "./cache_connection.ts";
import type { RemoteCacheOptions } from "./cache_settings.ts";

/**
 * Values that processes share. A cache that fails costs time and nothing else: no method but {@link find} and
 * {@link delete} rejects, and what cannot be read is missing.
 */
export type RemoteCache = {
  /** Whether there is one. */
  readonly isShared: boolean;
  get(name: CacheName): Promise<Uint8Array | undefined>;
  /**
   * As {@link get}, for who must know.
   *
   * @throws {DomainError} `unavailable` if it cannot be said whether there is such a value.
   */
  find(name: CacheName): Promise<Uint8Array | undefined>;
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

/** No cache is shared. */
export const NO_REMOTE_CACHE: RemoteCache = {
  isShared: false,
  get: () => Promise.resolve(undefined),
  find: () => Promise.resolve(undefined),
  set: () => Promise.resolve(),
  delete: () => Promise.resolve(),
  close() {},
};

/** Opens the cache that the settings name; it may be down, and come later. */
export function openRemoteCache(
  options: RemoteCacheOptions | undefined,
  logger: Pick<Logger, "warn">,
): RemoteCache {
  return remoteCache(openCacheConnection(options, logger));
}

/** The cache behind a connection, which it closes with itself; none without. */
export function remoteCache(connection: CacheConnection | undefined): RemoteCache {
  return connection === undefined ? NO_REMOTE_CACHE : new RedisCache(connection);
}

class RedisCache implements RemoteCache {
  readonly isShared = true;
  readonly #connection: CacheConnection;
  /** Writes under way, by their head. */
  readonly #writes = new Map<string, Promise<void>>();

  constructor(connection: CacheConnection) {
    this.#connection = connection;
  }

  async get(name: CacheName): Promise<Uint8Array | undefined> {
    return await this.#connection.tolerate((redis) => this.#read(redis, name));
  }

  async find(name: CacheName): Promise<Uint8Array | undefined> {
    try {
      return await this.#connection.ask((redis) => this.#read(redis, name));
    } catch (cause) {
      throw unreachable("read", cause);
    }
  }

  async set(name: CacheName, value: Uint8Array, ttlSeconds: number): Promise<void> {
    const head = keyOf(name);
    const write = this.#connection.tolerate((redis) =>
      this.#write(redis, name, { value, ttlMs: ttlSeconds * 1000 }),
    );
    this.#writes.set(head, write);
    await write;
    if (this.#writes.get(head) === write) this.#writes.delete(head);
  }

  async delete(name: CacheName): Promise<void> {
    const head = keyOf(name);
    await this.#writes.get(head);
    try {
      await this.#connection.ask(async (redis) => {
        const written = readHead(await redis.getdel(head));
        if (written !== undefined) await redis.del(...chunkKeys(head, written));
      });
    } catch (cause) {
      throw unreachable("delete", cause);
    }
  }

  close(): void {
    this.#connection.close();
  }

  async #read(redis: Redis, name: CacheName): Promise<Uint8Array | undefined> {
    const head = keyOf(name);
    const written = readHead(await redis.get(head));
    if (written === undefined) return undefined;
    const keys = chunkKeys(head, written);
    const chunks: Buffer[] = [];
    for (let start = 0; start < keys.length; start += CHUNKS_PER_READ) {
      const read = await redis.mgetBuffer(keys.slice(start, start + CHUNKS_PER_READ));
      for (const chunk of read) {
        if (chunk === null) return undefined; // Evicted, or another process writes it anew.
        chunks.push(chunk);
      }
    }
    return this.#connection.open(Buffer.concat(chunks), nameText(name));
  }

  async #write(
    redis: Redis,
    name: CacheName,
    { value, ttlMs }: { readonly value: Uint8Array; readonly ttlMs: number },
  ): Promise<void> {
    const sealed = Buffer.from(this.#connection.cipher.seal(value, nameText(name)));
    if (sealed.length > MAX_VALUE_BYTES) return;
    const head = keyOf(name);
    const chunks = Math.max(1, Math.ceil(sealed.length / CHUNK_BYTES));
    const written = { id: randomUUID(), chunks };
    for (const [index, key] of chunkKeys(head, written).entries()) {
      const chunk = sealed.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
      await redis.set(key, chunk, "PX", ttlMs);
    }
    // The head comes last, so that what it names is whole; what stood there before goes.
    const before = await redis.set(head, `${written.id} ${chunks}`, "PX", ttlMs, "GET");
    const old = readHead(before);
    if (old !== undefined) await redis.del(...chunkKeys(head, old));
  }
}

function unreachable(what: string, cause: unknown): DomainError {
  return new DomainError("unavailable", `Cannot ${what} as the shared cache cannot be reached`, {
    cause,
    hint: "try again in a few seconds",
  });
}

type Written = { readonly id: string; readonly chunks: number };

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
