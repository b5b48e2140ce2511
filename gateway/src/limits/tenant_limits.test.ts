import { afterEach, expect, test } from "vitest";
import { askAbout } from "../testing/ask_about.ts";
import { bearer } from "../testing/bearer.ts";
import { startScriptedGateway } from "../testing/scripted_gateway.ts";
import { twoTenants } from "../testing/two_tenants.ts";
import type { TenantLimitsOptions } from "./tenant_limits.ts";

const { key, apiKeys } = twoTenants();
let stop = (): Promise<void> => Promise.resolve();
afterEach(() => stop());

/** A gateway for two tenants, and a way to ask it. */
async function start(limits: Partial<TenantLimitsOptions>) {
  const gateway = await startScriptedGateway({
    access: { apiKeys },
    limits: { requestsPerMinute: undefined, decoderMsPerMinute: undefined, ...limits },
  });
  stop = gateway.stop;
  const ask = async (token: string, genLength: number, route = "/v1/chat/completions") => {
    const response = await gateway.app.request(route, {
      method: "POST",
      headers: bearer(token),
      body: JSON.stringify(askAbout([], { max_tokens: genLength })),
    });
    return { response, body: await response.text() };
  };
  return { gateway, ask };
}

test("a tenant's requests over the limit get 429 with when to come back, another's do not", async () => {
  const { gateway, ask } = await start({ requestsPerMinute: 3 });
  for (let sent = 0; sent < 3; sent++) expect((await ask(key.a, 8)).response.status).toBe(200);
  const { response, body } = await ask(key.a, 8);
  expect(response.status).toBe(429);
  const seconds = Number(response.headers.get("retry-after"));
  expect(seconds).toBeGreaterThan(1);
  expect(seconds).toBeLessThanOrEqual(60);
  expect(JSON.parse(body)).toMatchObject({
    error: { code: "rate_limit_exceeded", type: "rate_limit_error" },
  });
  const headers = bearer(key.a);
  const native = await gateway.app.request("/v1/images/none", { headers });
  expect(await native.json()).toMatchObject({ code: "rate_limit_exceeded", status: 429 });
  expect((await ask(key.b, 8)).response.status).toBe(200);
  for (const path of ["/healthz", "/readyz"]) {
    expect((await gateway.app.request(path, { headers })).status).toBe(200);
  }
  expect(gateway.seen.requests).toHaveLength(4);
});

test.each(["/v1/chat/completions", "/v1/answers"])(
  "%s takes from a tenant's decoder time as predicted, and a shorter answer still fits",
  async (route) => {
    // 50 ms a token before the first answer is measured: 32 tokens are 1600 ms.
    const { gateway, ask } = await start({ decoderMsPerMinute: 2000 });
    expect((await ask(key.a, 32, route)).response.status).toBe(200);
    const { response, body } = await ask(key.a, 16, route);
    expect(response.status).toBe(429);
    expect(body).toContain("rate_limit_exceeded");
    expect((await ask(key.a, 4, route)).response.status).toBe(200);
    expect((await ask(key.b, 32, route)).response.status).toBe(200);
    expect(gateway.seen.requests).toHaveLength(3);
  },
);

test("an answer that costs more than a minute's is let through when nothing else was taken", async () => {
  const { ask } = await start({ decoderMsPerMinute: 100 });
  expect((await ask(key.a, 64)).response.status).toBe(200);
  expect((await ask(key.a, 1)).response.status).toBe(429);
});
