import { type CacheConnection, type CacheName, keyOf, nameText } from "./cache_connection.ts";

/** What a writer learns of its log. */
export type LogState = {
  /** How many values there are: fewer than were written where the server lost some. */
  readonly length: number;
  readonly isStopAsked: boolean;
  /** Whether another writes it by now; then nothing was written. */
  readonly isTaken: boolean;
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

/** What a writer adds to its log. */
export type WrittenPart = {
  /** Its name among all writers. */
  readonly writer: string;
  readonly from: number;
  readonly values: readonly Uint8Array[];
};

/**
 * Logs, each of which one process writes at a time and others follow; every value is sealed to its place. What they answer
 * is undefined where the server cannot be asked.
 */
export type SharedLogs = {
  /** Puts values at the places from `from` on; without any it only shows that the writer is there. */
  write(name: CacheName, part: WrittenPart, times: LogTimes): Promise<LogState | undefined>;
  /** Makes `writer` the one that writes a log, if the one before it has not shown itself lately: one of all who try. */
  take(name: CacheName, writer: string, times: LogTimes): Promise<LogState | undefined>;
  read(name: CacheName, from: number): Promise<LogPart | undefined>;
  /** The newest value, if there is one. */
  readLast(name: CacheName): Promise<LogPart | undefined>;
  /** Asks the writer to stop. */
  askToStop(name: CacheName, ttlMs: number): Promise<true | undefined>;
};

/** Values that are read at once. */
const READ_COUNT = 16;

/** Refused where another has taken the log, however long the one that writes was away. */
const WRITE = `
local writer = redis.call("hget", KEYS[1], "writer")
if writer and writer ~= ARGV[1] then return false end
redis.call("hset", KEYS[1], "writer", ARGV[1])
for i = 4, #ARGV, 2 do redis.call("hset", KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call("pexpire", KEYS[1], ARGV[2])
redis.call("set", KEYS[2], "", "PX", ARGV[3])
return { redis.call("hlen", KEYS[1]) - 1, redis.call("exists", KEYS[3]) }`;

const TAKE = `
if redis.call("exists", KEYS[2]) == 1 then return false end
if redis.call("hexists", KEYS[1], "writer") == 0 then return false end
redis.call("hset", KEYS[1], "writer", ARGV[1])
if redis.call("pttl", KEYS[1]) < tonumber(ARGV[2]) then redis.call("pexpire", KEYS[1], ARGV[2]) end
redis.call("set", KEYS[2], "", "PX", ARGV[3])
return { redis.call("hlen", KEYS[1]) - 1, redis.call("exists", KEYS[3]) }`;

/** The logs behind a connection. */
export function sharedLogs(connection: CacheConnection): SharedLogs {
  return {
    async write(name, { writer, from, values }, times) {
      const fields = values.flatMap((value, index) => {
        const place = from + index;
        const sealed = connection.cipher.seal(value, placeText(name, place));
        return [String(place), Buffer.from(sealed)];
      });
      return await change(connection, name, WRITE, [writer, times.ttlMs, times.holdMs, ...fields]);
    },
    take: (name, writer, { ttlMs, holdMs }) =>
      change(connection, name, TAKE, [writer, ttlMs, holdMs]),
    read: (name, from) => read(connection, name, from),
    async readLast(name) {
      const length = await connection.tolerate((redis) => redis.hlen(keyOf(name)));
      if (length === undefined) return undefined;
      // One field is the writer's name.
      return await read(connection, name, Math.max(0, length - 2));
    },
    async askToStop(name, ttlMs) {
      const key = stopKey(keyOf(name));
      const answer = await connection.tolerate((redis) => redis.set(key, "", "PX", ttlMs));
      return answer === undefined ? undefined : true;
    },
  };
}

async function change(
  connection: CacheConnection,
  name: CacheName,
  script: string,
  values: readonly (string | number | Buffer)[],
): Promise<LogState | undefined> {
  const key = keyOf(name);
  const answer = await connection.tolerate((redis) =>
    redis.eval(script, 3, key, holdKey(key), stopKey(key), ...values),
  );
  if (answer === null) return { length: 0, isStopAsked: false, isTaken: true };
  if (!Array.isArray(answer)) return undefined;
  return { length: Number(answer[0]), isStopAsked: answer[1] === 1, isTaken: false };
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
