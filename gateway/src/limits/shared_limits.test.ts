import { prepareRedis, redisTest } from "@medv/runtime/testing/redis_tests";
import { until } from "@medv/runtime/testing/until";
import { expect } from "vitest";
import { askAbout } from "../testing/ask_about.ts";
import { bearer } from "../testing/bearer.ts";
import { dataUrl, drawPng, startScriptedGateway } from "../testing/scripted_gateway.ts";
import { twoTenants } from "../testing/two_tenants.ts";
import type { TenantLimitsOptions } from "./tenant_limits.ts";

type Gateway = Awaited<ReturnType<typeof startScriptedGateway>>;

const NO_LIMITS = { requestsPerMinute: undefined, decoderMsPerMinute: undefined };
const { key, apiKeys } = twoTenants();
const redis = prepareRedis();

/** Two gateways that share a cache. */
async function startTwo(limits: TenantLimitsOptions = NO_LIMITS): Promise<[Gateway, Gateway]> {
  const start = async (): Promise<Gateway> => {
    const connection = await redis.connect();
    const gateway = await startScriptedGateway({ connection, limits, access: { apiKeys } });
    redis.cleanUp(gateway.stop);
    return gateway;
  };
  return [await start(), await start()];
}

async function ask({ app }: Gateway, token: string, genLength = 8): Promise<Response> {
  return await app.request("/v1/chat/completions", {
    method: "POST",
    headers: bearer(token),
    body: JSON.stringify(askAbout([], { max_tokens: genLength })),
  });
}

redisTest(
  "requests at two gateways count together, per tenant, and 429 says when to come back",
  async () => {
    const gateways = await startTwo({ ...NO_LIMITS, requestsPerMinute: 6 });
    const responses = await Promise.all(
      Array.from({ length: 16 }, (_, index) => ask(gateways[index % 2] ?? gateways[0], key.a)),
    );
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(6);
    const refused = responses.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(10);
    for (const response of refused) {
      const seconds = Number(response.headers.get("retry-after"));
      expect(seconds).toBeGreaterThanOrEqual(1);
      expect(seconds).toBeLessThanOrEqual(60);
    }
    expect((await ask(gateways[1], key.b)).status).toBe(200);
  },
);

redisTest(
  "predicted time of the decoder counts together, and a shorter answer still fits",
  async () => {
    // 50 ms a token before the first answer is measured: 32 tokens are 1600 ms.
    const [first, second] = await startTwo({ ...NO_LIMITS, decoderMsPerMinute: 2000 });
    expect((await ask(first, key.a, 32)).status).toBe(200);
    expect((await ask(second, key.a, 16)).status).toBe(429);
    expect((await ask(second, key.a, 4)).status).toBe(200);
    expect((await ask(first, key.a, 8)).status).toBe(429);
  },
);

redisTest("a client token has its images at all gateways together", async () => {
  const [first, second] = await startTwo();
  const made = await first.app.request("/v1/client_tokens", {
    method: "POST",
    headers: bearer(key.a),
    body: JSON.stringify({ model: "phantom", images: 2, minutes: 5 }),
  });
  const { token } = (await made.json()) as { token: string };
  const send = async ({ app }: Gateway, red: number): Promise<number> => {
    const response = await app.request("/v1/chat/completions", {
      method: "POST",
      headers: bearer(token),
      body: JSON.stringify(askAbout([dataUrl(await drawPng(red))])),
    });
    return response.status;
  };
  expect([await send(first, 1), await send(second, 2)]).toEqual([200, 200]);
  expect([await send(first, 3), await send(second, 3)]).toEqual([403, 403]);
  // The same again is no other image, wherever it comes.
  expect([await send(second, 1), await send(first, 2)]).toEqual([200, 200]);
});

redisTest(
  "a cache that is killed leaves each gateway its own count, said once, until it is back",
  async () => {
    const gateways = await startTwo({ ...NO_LIMITS, requestsPerMinute: 3 });
    await redis.server.kill();
    for (const gateway of gateways) {
      const statuses: number[] = [];
      for (let sent = 0; sent < 4; sent++) statuses.push((await ask(gateway, key.a)).status);
      expect(statuses).toEqual([200, 200, 200, 429]);
      const events = gateway.seen.logs.map(({ event }) => event);
      expect(events.filter((event) => event === "count-alone")).toHaveLength(1);
    }
    await redis.restart();
    await until("the gateways count together again", async () => {
      await ask(gateways[0], key.b);
      return gateways[0].seen.logs.some(({ event }) => event === "count-together");
    });
  },
);
