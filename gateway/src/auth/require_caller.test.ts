import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Page } from "../page.ts";
import { askAbout } from "../testing/ask_about.ts";
import { bearer } from "../testing/bearer.ts";
import { dataUrl, drawPng, startScriptedGateway } from "../testing/scripted_gateway.ts";
import { twoTenants } from "../testing/two_tenants.ts";
import { tenantScopes } from "./tenant_scope.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const page: Page = new Map([
  ["/index.html", { bytes: encode("<!doctype html>"), contentType: "text/html; charset=utf-8" }],
  ["/assets/main-1.js", { bytes: encode("1;"), contentType: "text/javascript" }],
]);
/** Everything that may be read without a key. */
const OPEN = [
  "/healthz",
  "/readyz",
  "/openapi.json",
  "/docs",
  "/docs/style.css",
  "/",
  "/assets/main-1.js",
];

const { key, apiKeys } = twoTenants();
const scopeOf = tenantScopes(new Uint8Array(32).fill(7));
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway({ page, access: { apiKeys, scopeOf } });
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.seen.requests.length = 0;
  gateway.seen.encodeRequests.length = 0;
});

test("requireCaller() lets no route but health, the document and the page's files answer without a key", async () => {
  const routes = gateway.app.routes.filter(({ method }) => method !== "ALL");
  const walked = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  expect(walked.size).toBeGreaterThan(10);
  for (const route of walked) {
    const [method = "", pattern = ""] = route.split(" ");
    const path = pattern.replaceAll(/:\w+(\{[^}]*\})?/g, "1");
    const isOpen = OPEN.includes(path);
    for (const headers of [{}, bearer("medv_wrong"), { authorization: `Basic ${key.a}` }]) {
      const response = await gateway.app.request(path, { method, headers });
      expect({ route, status: response.status }).toEqual({ route, status: isOpen ? 200 : 401 });
    }
  }
  expect([...walked].filter((route) => OPEN.includes(route.slice(4)))).toHaveLength(OPEN.length);
});

test.each([
  { method: "GET", path: "/nothing" },
  { method: "GET", path: "/v1/nothing" },
  { method: "POST", path: "/" },
  { method: "DELETE", path: "/healthz" },
  { method: "GET", path: "/healthz/" },
  { method: "GET", path: "//v1/models" },
  { method: "GET", path: "/%76%31/models" },
])("requireCaller() asks for a key before $method $path, which is no route", async (route) => {
  const { method, path } = route;
  expect((await gateway.app.request(path, { method })).status).toBe(401);
});

test("requireCaller() answers 401 in the shape of the route, with what to do", async () => {
  const native = await gateway.app.request("/v1/images", { method: "POST", body: "x" });
  expect(native.headers.get("www-authenticate")).toBe("Bearer");
  expect(await native.json()).toMatchObject({
    code: "invalid_api_key",
    status: 401,
    hint: "send it as Authorization: Bearer KEY",
  });
  const headers = bearer("medv_wrong");
  const openAi = await gateway.app.request("/v1/models", { headers });
  expect(openAi.status).toBe(401);
  expect(await openAi.json()).toMatchObject({
    error: { code: "invalid_api_key", type: "invalid_request_error", param: null },
  });
});

async function ask(token: string, url: string): Promise<Response> {
  const body = JSON.stringify(askAbout([url]));
  const headers = { ...bearer(token), "content-type": "application/json" };
  return await gateway.app.request("/v1/chat/completions", { method: "POST", headers, body });
}

test("the same image is there for its tenant, and has to be encoded for another", async () => {
  const url = dataUrl(await drawPng(81));
  const cached: unknown[] = [];
  for (const token of [key.a, key.a, key.b, key.b]) {
    const answer = (await (await ask(token, url)).json()) as {
      usage: { details: { image_cache: string } };
    };
    cached.push(answer.usage.details.image_cache);
  }
  expect(cached).toEqual(["miss", "hit", "miss", "hit"]);
  // Both services are told whose it is, by a name that only the gateway can derive.
  expect(gateway.seen.encodeRequests.map((request) => request.tenantScope)).toEqual([
    scopeOf("a"),
    scopeOf("b"),
  ]);
  expect(new Set(gateway.seen.requests.map((request) => request.tenantScope))).toEqual(
    new Set([scopeOf("a"), scopeOf("b")]),
  );
  expect(scopeOf("a")).not.toBe(tenantScopes(new Uint8Array(32))("a"));
});

test("an image id and an answer id are nothing to another tenant", async () => {
  const upload = await gateway.app.request("/v1/images", {
    method: "POST",
    headers: bearer(key.a),
    body: await drawPng(82),
  });
  const { id } = (await upload.json()) as { id: string };
  const answer = await gateway.app.request("/v1/answers", {
    method: "POST",
    headers: bearer(key.a),
    body: JSON.stringify(askAbout([], { on_disconnect: "continue" })),
  });
  const answerId = /^id: (ans_[0-9a-f]+)\./m.exec(await answer.text())?.[1];
  for (const [token, status] of [
    [key.b, 404],
    [key.a, 200],
  ] as const) {
    const headers = bearer(token);
    expect((await ask(token, `medv-image:${id}`)).status).toBe(status);
    for (const path of [`/v1/images/${id}`, `/v1/answers/${answerId}`]) {
      const response = await gateway.app.request(path, { headers });
      expect({ path, status: response.status }).toEqual({ path, status });
      await response.text();
    }
    const deleted = await gateway.app.request(`/v1/images/${id}`, { method: "DELETE", headers });
    expect(deleted.status).toBe(status);
  }
});

test("the log has the tenant's name, and neither its key nor its scope", async () => {
  gateway.seen.logs.length = 0;
  await gateway.app.request("/v1/models", { headers: bearer(key.a) });
  expect(gateway.seen.logs[0]?.fields).toMatchObject({ tenant: "a" });
  const text = JSON.stringify(gateway.seen.logs);
  expect(text).not.toContain(key.a);
  expect(text).not.toContain(scopeOf("a"));
});
