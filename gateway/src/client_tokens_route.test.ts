import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createApiKey, entryOf, parseApiKeys } from "./auth/api_key.ts";
import { ClientTokens } from "./auth/client_tokens.ts";
import { askAbout } from "./testing/ask_about.ts";
import { bearer } from "./testing/bearer.ts";
import { dataUrl, drawPng, startScriptedGateway } from "./testing/scripted_gateway.ts";

const key = createApiKey();
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway({ access: { apiKeys: parseApiKeys(entryOf("a", key)) } });
});
afterAll(() => gateway.stop());
afterEach(() => vi.useRealTimers());

function call(path: string, token: string, body?: RequestInit["body"]) {
  const init = { method: "POST", headers: bearer(token), body: body ?? null };
  return gateway.app.request(path, init);
}

function wanted(changes: object = {}): string {
  return JSON.stringify({ model: "phantom", images: 2, minutes: 10, ...changes });
}

async function newToken(changes: object = {}): Promise<string> {
  const response = await call("/v1/client_tokens", key, wanted(changes));
  expect(response.status).toBe(201);
  return ((await response.json()) as { token: string }).token;
}

function question(urls: readonly string[], model = "phantom"): string {
  return JSON.stringify(askAbout(urls, { model }));
}

test("POST /v1/client_tokens gives a token that says what it allows, and is cached nowhere", async () => {
  const response = await call("/v1/client_tokens", key, wanted());
  expect(response.headers.get("cache-control")).toBe("no-store");
  const body = (await response.json()) as { expires_at: string };
  expect(body).toMatchObject({ model: "phantom", images: 2 });
  const seconds = (Date.parse(body.expires_at) - Date.now()) / 1000;
  expect(seconds).toBeGreaterThan(500);
  expect(seconds).toBeLessThanOrEqual(600);
});

test.each([
  { what: "no model", changes: { model: undefined }, field: "model", status: 400 },
  { what: "a fraction of an image", changes: { images: 0.5 }, field: "images", status: 400 },
  { what: "a week", changes: { minutes: 10_080 }, field: "minutes", status: 400 },
  { what: "another field", changes: { admin: true }, field: "admin", status: 400 },
  { what: "a model that is not served", changes: { model: "gpt" }, field: "model", status: 404 },
])("POST /v1/client_tokens refuses $what by name", async ({ changes, field, status }) => {
  const response = await call("/v1/client_tokens", key, wanted(changes));
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ field });
});

test.each(["/v1/chat/completions", "/v1/answers"])(
  "a client token asks on %s as its tenant, about its model only",
  async (route) => {
    const token = await newToken();
    const answer = await call(route, token, question([]));
    expect(answer.status).toBe(200);
    await answer.text();
    const scopes = gateway.seen.requests.map(({ tenantScope }) => tenantScope);
    await (await call(route, key, question([]))).text();
    expect(gateway.seen.requests.at(-1)?.tenantScope).toBe(scopes.at(-1));
    const other = await call(route, token, question([], "llada"));
    expect(other.status).toBe(403);
    expect(await other.text()).toContain('"forbidden"');
  },
);

test("a client token sends so many different images, however they come, and no more", async () => {
  const token = await newToken({ images: 2 });
  const [first, second, third] = [await drawPng(11), await drawPng(12), await drawPng(13)];
  const upload = await call("/v1/images", token, first);
  expect(upload.status).toBe(201);
  const { id } = (await upload.json()) as { id: string };
  const ask = (...urls: string[]) => call("/v1/chat/completions", token, question(urls));
  expect((await ask(dataUrl(second))).status).toBe(200);
  // The same again is no other image.
  expect((await ask(dataUrl(second), `medv-image:${id}`)).status).toBe(200);
  expect((await call("/v1/images", token, first)).status).toBe(201);
  const refused = await ask(dataUrl(third));
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ error: { code: "forbidden" } });
  const encodes = gateway.seen.encodes;
  expect((await call("/v1/images", token, third)).status).toBe(403);
  expect(gateway.seen.encodes).toBe(encodes);
  // Another token counts for itself.
  expect((await call("/v1/images", await newToken(), third)).status).toBe(201);
});

test("a client token with fewer images than a question has URLs is refused before any is fetched", async () => {
  const token = await newToken({ images: 2 });
  const urls = ["a", "b", "c"].map((each) => `https://images.example.org/${each}`);
  const refused = await call("/v1/chat/completions", token, question(urls));
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ error: { code: "forbidden" } });
  // Here nothing is fetched at all, which is said to whoever gets so far.
  const [first = "", second = ""] = urls;
  const taken = await call("/v1/chat/completions", token, question([first, second, first]));
  expect(await taken.json()).toMatchObject({ error: { code: "unsupported_field" } });
});

test("a client token makes no other", async () => {
  const response = await call("/v1/client_tokens", await newToken(), wanted());
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({ code: "forbidden" });
});

test("a client token ends with its minutes", async () => {
  const token = await newToken({ minutes: 1 });
  vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ["Date"] });
  const response = await call("/v1/chat/completions", token, question([]));
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toBe("Bearer");
  expect(await response.json()).toMatchObject({ error: { code: "expired_token" } });
});

test("a client token that was changed, or that another secret signed, is refused", async () => {
  const token = await newToken();
  const [head = "", claims = "", signature = ""] = token.split(".");
  const more = JSON.parse(Buffer.from(claims, "base64url").toString()) as object;
  const changed = Buffer.from(JSON.stringify({ ...more, images: 999 })).toString("base64url");
  const none = Buffer.from('{"alg":"none","typ":"medv-client+jwt"}').toString("base64url");
  const grant = { tenant: "a", model: "phantom", images: 1, minutes: 1 };
  const foreign = await new ClientTokens(new Uint8Array(32).fill(9)).issue(grant);
  for (const forged of [
    `${head}.${changed}.${signature}`,
    `${none}.${changed}.`,
    `${none}.${claims}.${signature}`,
    foreign.token,
  ]) {
    const response = await call("/v1/answers", forged, question([]));
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: "invalid_api_key" });
  }
});
