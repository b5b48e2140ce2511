import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  connectPatiently,
  REDIS_MISSING,
  type RedisServer,
  startRedis,
} from "../testing/redis_server.ts";
import type { CacheConnection } from "./cache_connection.ts";
import { type Claim, sharedClaims, type SharedClaims } from "./shared_claims.ts";

const NAME = { tenantScope: "a", key: "work" };
const LONG = { ttlMs: 60_000 };
const named = REDIS_MISSING === undefined ? "" : ` (${REDIS_MISSING})`;
const opened: CacheConnection[] = [];
let server: RedisServer;

beforeEach(async () => {
  if (REDIS_MISSING === undefined) server = await startRedis();
});
afterEach(async () => {
  for (const connection of opened.splice(0)) connection.close();
  if (REDIS_MISSING === undefined) await server.kill();
});

/** The claims of another process, once it is connected. */
async function open(): Promise<SharedClaims> {
  const connection = await connectPatiently(server, new Uint8Array(32));
  opened.push(connection);
  return sharedClaims(connection);
}

function claimOf(claims: SharedClaims, text: string): Claim {
  return claims.seal(NAME, Buffer.from(text));
}

function textOf(claim: Claim | undefined): string {
  return Buffer.from(claim?.value ?? []).toString();
}

test.skipIf(REDIS_MISSING !== undefined)(
  `of processes that lay claims at the same time all see the same one${named}`,
  async () => {
    const all = await Promise.all([open(), open(), open()]);
    const lying = await Promise.all(
      all.flatMap((claims, index) =>
        Array.from({ length: 20 }, (_, turn) =>
          claims.lay(NAME, claimOf(claims, `CANARY ${index}.${turn}`), LONG),
        ),
      ),
    );
    expect(textOf(lying[0])).toContain("CANARY");
    expect(new Set(lying.map(textOf)).size).toBe(1);
    for (const content of (await server.entries()).values()) {
      expect(content.includes("CANARY")).toBe(false);
    }
  },
);

test.skipIf(REDIS_MISSING !== undefined)(
  `a claim is replaced and taken away by who knows it, and by nobody else${named}`,
  async () => {
    const [first, second] = [await open(), await open()];
    const [own, other, end] = ["own", "other", "end"].map((text) => claimOf(first, text));
    if (own === undefined || other === undefined || end === undefined) throw new Error("no claim");
    expect(await first.lay(NAME, own, LONG)).toBe(own);
    expect(await first.lay(NAME, own, LONG)).toBe(own);
    expect(textOf(await second.lay(NAME, other, { ...LONG, over: end }))).toBe("own");
    await second.remove(NAME, other);
    expect(textOf(await second.lay(NAME, other, LONG))).toBe("own");
    expect(await first.lay(NAME, end, { ...LONG, over: own })).toBe(end);
    const found = await second.lay(NAME, other, LONG);
    expect(textOf(found)).toBe("end");
    expect(await second.lay(NAME, other, { ...LONG, over: found })).toBe(other);
    await second.remove(NAME, other);
    expect(await first.lay(NAME, own, LONG)).toBe(own);
  },
);

test.skipIf(REDIS_MISSING !== undefined)(
  `a claim that nobody lays again is gone after its time, and so is the sign of who waits${named}`,
  async () => {
    const [first, second] = [await open(), await open()];
    await first.lay(NAME, claimOf(first, "own"), { ttlMs: 50 });
    expect(await first.isAwaited(NAME)).toBe(false);
    await second.await(NAME, 60_000);
    expect(await first.isAwaited(NAME)).toBe(true);
    await second.await(NAME, 50);
    const other = claimOf(second, "other");
    while ((await second.lay(NAME, other, LONG)) !== other) await sleep(20);
    while ((await first.isAwaited(NAME)) === true) await sleep(20);
  },
);

test.skipIf(REDIS_MISSING !== undefined)(
  `nothing is known where the server cannot be asked${named}`,
  async () => {
    const claims = await open();
    await server.kill();
    expect(await claims.lay(NAME, claimOf(claims, "own"), LONG)).toBeUndefined();
    expect(await claims.isAwaited(NAME)).toBeUndefined();
    await claims.remove(NAME, claimOf(claims, "own"));
    await claims.await(NAME, 50);
  },
);
