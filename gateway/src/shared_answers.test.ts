import { prepareRedis, redisTest } from "@medv/runtime/testing/redis_tests";
import { until } from "@medv/runtime/testing/until";
import { array, assert, asyncProperty, integer, nat, record, string } from "fast-check";
import { expect } from "vitest";
import type { AuthenticateOptions } from "./auth/authenticate.ts";
import { bearer } from "./testing/bearer.ts";
import { ask, read, say, takeUp, textOf } from "./testing/cut_answers.ts";
import { startScriptedGateway } from "./testing/scripted_gateway.ts";
import { twoTenants } from "./testing/two_tenants.ts";

type Gateway = Awaited<ReturnType<typeof startScriptedGateway>>;

const redis = prepareRedis();

async function start(
  options: { readonly access?: Partial<AuthenticateOptions> } = {},
): Promise<Gateway> {
  const connection = await redis.connect(new Uint8Array(32));
  const gateway = await startScriptedGateway({ connection, ...options });
  redis.cleanUp(gateway.stop);
  return gateway;
}

redisTest(
  "an answer that is cut at random and taken up at random gateways has every event once",
  async () => {
    const [first, second, third] = [await start(), await start(), await start()];
    const at = (place: number): Gateway => (place === 0 ? first : place === 1 ? second : third);
    const cuts = array(record({ count: integer({ min: 1, max: 6 }), place: nat(2) }), {
      maxLength: 10,
    });
    const pieces = array(string({ minLength: 1, unit: "grapheme" }), {
      minLength: 1,
      maxLength: 20,
    });
    await assert(
      asyncProperty(pieces, cuts, nat(2), async (said, taken, home) => {
        at(home).seen.script = say(said);
        const seen = await read(await ask(at(home)), 1);
        for (const { count, place } of taken) {
          if (seen.at(-1)?.type === "answer-end") break;
          seen.push(...(await takeUp(at(place), seen, count)));
        }
        while (seen.at(-1)?.type !== "answer-end")
          seen.push(...(await takeUp(at((home + 1) % 3), seen)));
        expect(textOf(seen)).toBe(said.join(""));
        const numbers = seen.map(({ id }) => Number(id.split(".")[1]));
        expect(numbers).toEqual(Array.from({ length: 2 + 2 * said.length }, (_, index) => index));
      }),
      { numRuns: 100 },
    );
  },
  600_000,
);

redisTest(
  "an answer that another gateway runs can be stopped, and is nothing to another tenant",
  async () => {
    const { key, apiKeys } = twoTenants();
    const [first, second] = [
      await start({ access: { apiKeys } }),
      await start({ access: { apiKeys } }),
    ];
    const a = bearer(key.a);
    const b = bearer(key.b);
    first.seen.script = say(Array.from({ length: 100_000 }, () => "CANARY "));
    const [begun] = await read(await ask(first, {}, a), 1);
    const path = `/v1/answers/${begun?.id.split(".")[0]}`;
    await until(
      "the other gateway knows the answer",
      async () => (await second.app.request(path, { method: "HEAD", headers: a })).status === 200,
    );
    for (const method of ["GET", "DELETE"]) {
      expect((await second.app.request(path, { method, headers: b })).status).toBe(404);
    }
    for (const [name, content] of await redis.server.entries()) {
      expect(`${name} ${content.toString("latin1")}`).not.toContain("CANARY");
    }
    const followed = (async () => read(await second.app.request(path, { headers: a })))();
    await until(
      "the other gateway can stop the answer",
      async () => (await second.app.request(path, { method: "DELETE", headers: a })).status === 204,
    );
    const last = (await followed).at(-1);
    expect(last?.type).toBe("error");
    expect(JSON.parse(last?.data ?? "")).toMatchObject({ code: "cancelled" });
  },
);

redisTest("a cache that loses everything in mid-answer has it all again", async () => {
  const [first, second] = [await start(), await start()];
  const said = Array.from({ length: 40 }, (_, index) => `${index} `);
  first.seen.script = say(said, { pauseMs: 50 });
  const seen = await read(await ask(first), 10);
  await redis.server.kill();
  await redis.restart();
  while (seen.at(-1)?.type !== "answer-end") {
    // Until the first gateway has found the new server, nobody knows the answer.
    const path = `/v1/answers/${seen[0]?.id.split(".")[0]}`;
    await until(
      "the other gateway knows the answer",
      async () => (await second.app.request(path, { method: "HEAD" })).status === 200,
    );
    seen.push(...(await takeUp(second, seen)));
  }
  expect(textOf(seen)).toBe(said.join(""));
});

redisTest(
  "a cache that loses an answer after its end has it again for who still reads",
  async () => {
    const [first, second] = [await start(), await start()];
    first.seen.script = say(["one ", "two"]);
    const seen = await read(await ask(first));
    const path = `/v1/answers/${seen[0]?.id.split(".")[0]}`;
    const isKnown = async (): Promise<boolean> =>
      (await second.app.request(path, { method: "HEAD" })).status === 200;
    await until("the other gateway knows the answer", isKnown);
    await redis.server.kill();
    await redis.restart();
    await until("it knows the answer again", isKnown);
    expect(textOf(await read(await second.app.request(path)))).toBe("one two");
  },
);

redisTest(
  "drafts of more than 4 MiB are left out for other gateways, the text is whole",
  async () => {
    const [first, second] = [await start(), await start()];
    const said = Array.from({ length: 60 }, (_, index) => `${index} `);
    first.seen.script = say(said, { draft: "x".repeat(100 << 10) });
    const seen = await read(await ask(first), 1);
    while (seen.at(-1)?.type !== "answer-end") seen.push(...(await takeUp(second, seen)));
    expect(textOf(seen)).toBe(said.join(""));
    const drafts = seen.filter(({ type }) => type === "block-draft");
    expect(drafts.length).toBeGreaterThan(35);
    expect(drafts.length).toBeLessThan(42);
  },
);

redisTest("an answer that ends with its reader is not shared", async () => {
  const gateway = await start();
  gateway.seen.script = say(["one", "two"]);
  const seen = await read(await ask(gateway, { on_disconnect: "cancel" }));
  expect(textOf(seen)).toBe("onetwo");
  expect((await redis.server.entries()).size).toBe(0);
});
