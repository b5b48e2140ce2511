import { expect } from "vitest";
import { prepareRedis, redisTest } from "../testing/redis_tests.ts";
import { until } from "../testing/until.ts";
import { type Claim, sharedClaims, type SharedClaims } from "./shared_claims.ts";

const NAME = { tenantScope: "a", key: "work" };
const LONG = { ttlMs: 60_000 };
const redis = prepareRedis();

/** The claims of another process, once it is connected. */
async function open(): Promise<SharedClaims> {
  return sharedClaims(await redis.connect(new Uint8Array(32)));
}

function claimOf(claims: SharedClaims, text: string): Claim {
  return claims.seal(NAME, Buffer.from(text));
}

function textOf(claim: Claim | undefined): string {
  return Buffer.from(claim?.value ?? []).toString();
}

redisTest("of processes that lay claims at the same time all see the same one", async () => {
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
  for (const content of (await redis.server.entries()).values()) {
    expect(content.includes("CANARY")).toBe(false);
  }
});

redisTest("a claim is replaced and taken away by who knows it, and by nobody else", async () => {
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
});

redisTest(
  "a claim that nobody lays again is gone after its time, and so is the sign of who waits",
  async () => {
    const [first, second] = [await open(), await open()];
    await first.lay(NAME, claimOf(first, "own"), { ttlMs: 50 });
    expect(await first.isAwaited(NAME)).toBe(false);
    await second.await(NAME, 60_000);
    expect(await first.isAwaited(NAME)).toBe(true);
    await second.await(NAME, 50);
    const other = claimOf(second, "other");
    await until(
      "the claim is another's",
      async () => (await second.lay(NAME, other, LONG)) === other,
    );
    await until("nobody waits", async () => (await first.isAwaited(NAME)) === false);
  },
);

redisTest("nothing is known where the server cannot be asked", async () => {
  const claims = await open();
  await redis.server.kill();
  expect(await claims.lay(NAME, claimOf(claims, "own"), LONG)).toBeUndefined();
  expect(await claims.isAwaited(NAME)).toBeUndefined();
  await claims.remove(NAME, claimOf(claims, "own"));
  await claims.await(NAME, 50);
});
