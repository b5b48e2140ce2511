import { afterEach, expect, test } from "vitest";
import { createApiKey, entryOf, parseApiKeys } from "./auth/api_key.ts";
import { startScriptedGateway } from "./testing/scripted_gateway.ts";

type Gateway = Awaited<ReturnType<typeof startScriptedGateway>>;

const ORIGIN = "https://app.example.org";
const key = createApiKey();
let gateway: Gateway;
afterEach(() => gateway.stop());

async function start(corsOrigins: readonly string[] = []): Promise<Gateway> {
  const page = new Map([
    ["/index.html", { bytes: new TextEncoder().encode("<p>"), contentType: "text/html" }],
  ]);
  const apiKeys = parseApiKeys(entryOf("a", key));
  gateway = await startScriptedGateway({ corsOrigins, page, access: { apiKeys } });
  return gateway;
}

test("every answer, errors too, has headers that keep a browser from doing anything with it", async () => {
  const { app } = await start();
  const authorization = `Bearer ${key}`;
  for (const [path, status, headers] of [
    ["/healthz", 200, {}],
    ["/v1/models", 200, { authorization }],
    ["/v1/models", 401, {}],
    ["/v1/images/none", 404, { authorization }],
    ["/nowhere", 404, { authorization }],
    ["/", 200, {}],
  ] as const) {
    const response = await app.request(path, { headers });
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-security-policy": expect.stringContaining("default-src 'none'"),
      "x-content-type-options": "nosniff",
      "x-frame-options": expect.stringMatching(/DENY|SAMEORIGIN/),
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
    });
    // The page's own policy lets its script run; nothing else's does.
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy.includes("script-src 'self'")).toBe(path === "/");
  }
});

test("no page elsewhere may call unless its origin is listed", async () => {
  const { app } = await start();
  const headers = { origin: ORIGIN, "access-control-request-method": "POST" };
  for (const response of [
    await app.request("/v1/answers", { method: "OPTIONS", headers }),
    await app.request("/healthz", { headers }),
  ]) {
    expect([...response.headers.keys()].filter((name) => name.startsWith("access-"))).toEqual([]);
  }
});

test("a page of a listed origin may call and read, errors too; another's may not", async () => {
  const { app } = await start([ORIGIN]);
  const asked = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,last-event-id",
  };
  const preflight = (origin: string) =>
    app.request("/v1/answers", { method: "OPTIONS", headers: { origin, ...asked } });
  const allowed = await preflight(ORIGIN);
  expect(allowed.status).toBe(204);
  expect(allowed.headers.get("access-control-allow-origin")).toBe(ORIGIN);
  expect(allowed.headers.get("access-control-allow-headers")).toContain("last-event-id");
  expect(allowed.headers.get("access-control-allow-credentials")).toBeNull();
  for (const other of ["https://evil.example", `${ORIGIN}.evil.example`, "null"]) {
    expect((await preflight(other)).headers.get("access-control-allow-origin")).toBeNull();
  }
  const refused = await app.request("/v1/answers", { method: "POST", headers: { origin: ORIGIN } });
  expect(refused.status).toBe(401);
  expect(refused.headers.get("access-control-allow-origin")).toBe(ORIGIN);
  expect(refused.headers.get("vary")).toContain("Origin");
  expect(refused.headers.get("access-control-expose-headers")).toContain("retry-after");
});
