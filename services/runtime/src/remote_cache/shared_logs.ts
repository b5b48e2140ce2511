import { type CacheConnection, type CacheName, keyOf, nameText } from "./cache_connection.ts";

/** What a writer learns of its log. */
export type LogState = {
  /** How many values there are: fewer than were written where the server lost some. */
  readonly length: number;
  readonly isStopAsked: boolean;
};

/** What a reader finds. */
export type LogPart = {
  /** From the asked place on, as far as they follow each other. */
  readonly values: readonly Uint8Array[];
  /** Whether the writer showed itself lately. */
  readonly isHeld: boolean;
};

/** How long a log is kept after its last write, and for how long its writer counts as there. */
export type LogTimes = { readonly ttlMs: number; readonly holdMs: number };

/**
 * Logs that one process writes and others follow; every value is sealed to its place. What they answer is undefined where
 * the server cannot be asked.
 */
export type SharedLogs = {
  /** Puts values at the places from `from` on; without any it only shows that the writer is there. */
  write(
    name: CacheName,
    part: { readonly from: number; readonly values: readonly Uint8Array[] },
    times: LogTimes,
  ): Promise<LogState | undefined>;
  read(name: CacheName, from: number): Promise<LogPart | undefined>;
  /** The newest value, if there is one. */
  readLast(name: CacheName): Promise<LogPart | undefined>;
  /** Asks the writer to stop. */
  askToStop(name: CacheName, ttlMs: number): Promise<true | undefined>;
};

/** Values that are read at once. */
const READ_COUNT = 16;

/** The logs behind a connection. */
export function sharedLogs(connection: CacheConnection): SharedLogs {
  return {
    async write(name, part, { ttlMs, holdMs }) {
      const key = keyOf(name);
      const answers = await connection.tolerate((redis) => {
        const fields = part.values.flatMap((value, index) => {
          const place = part.from + index;
          const sealed = connection.cipher.seal(value, placeText(name, place));
          return [String(place), Buffer.from(sealed)];
        });
        // One after the other on one connection.
        return Promise.all([
          fields.length > 0 && redis.hset(key, ...fields),
          redis.pexpire(key, ttlMs),
          redis.set(holdKey(key), "", "PX", holdMs),
          redis.exists(stopKey(key)),
          redis.hlen(key),
        ]);
      });
      if (answers === undefined) return undefined;
      const [, , , stop, length] = answers;
      return { length, isStopAsked: stop === 1 };
    },
    read: (name, from) => read(connection, name, from),
    async readLast(name) {
      const length = await connection.tolerate((redis) => redis.hlen(keyOf(name)));
      if (length === undefined) return undefined;
      return await read(connection, name, Math.max(0, length - 1));
    },
    async askToStop(name, ttlMs) {
      const key = stopKey(keyOf(name));
      const answer = await connection.tolerate((redis) => redis.set(key, "", "PX", ttlMs));
      return answer === undefined ? undefined : true;
    },
  };
}

async function read(
  connection: CacheConnection,
  name: CacheName,
  from: number,
): Promise<LogPart | undefined> {
  const key = keyOf(name);
  const places = Array.from({ length: READ_COUNT }, (_, index) => String(from + index));
  const answers = await connection.tolerate((redis) =>
    Promise.all([redis.hmgetBuffer(key, ...places), redis.exists(holdKey(key))]),
  );
  if (answers === undefined) return undefined;
  const [found, held] = answers;
  const values: Uint8Array[] = [];
  for (const [index, sealed] of found.entries()) {
    const value = sealed && connection.open(sealed, placeText(name, from + index));
    if (!value) break;
    values.push(value);
  }
  return { values, isHeld: held === 1 };
}

function placeText(name: CacheName, place: number): string {
  return `${nameText(name)}\n${place}`;
}

function holdKey(key: string): string {
  return `${key}:held`;
}

function stopKey(key: string): string {
  return `${key}:stop`;
}
