import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApiKey, entryOf, parseApiKeys } from "./auth/api_key.ts";
import { type Listening, listen } from "./listen.ts";
import { NOTICE } from "./notice.ts";
import { documentOf } from "./openapi/document.ts";
import { drawPng, startScriptedGateway } from "./testing/scripted_gateway.ts";

const key = createApiKey();
const authorization = `Bearer ${key}`;
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;
let server: Listening;

beforeAll(async () => {
  gateway = await startScriptedGateway({ access: { apiKeys: parseApiKeys(entryOf("a", key)) } });
  server = await listen((request) => gateway.app.fetch(request), { host: "127.0.0.1", port: 0 });
});
afterAll(async () => {
  await server.drain();
  await gateway.stop();
});

/** What a caller sends through it is counted. */
async function countingProxy(): Promise<{ readonly proxy: Server; readonly sent: () => number }> {
  let sent = 0;
  const proxy = createServer((caller) => {
    const behind = connect(server.port, "127.0.0.1");
    caller.on("data", (bytes) => (sent += bytes.length));
    caller.pipe(behind).pipe(caller);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return { proxy, sent: () => sent };
}

test("a follow-up question by image id is less than 2 KB on the wire, headers and earlier answers included", async () => {
  const headers = { authorization, "content-type": "application/json" };
  const upload = await gateway.app.request("/v1/images", {
    method: "POST",
    headers: { authorization },
    body: await drawPng(60),
  });
  const { id } = (await upload.json()) as { id: string };
  const answer = "A frontal chest X-ray with a round opacity in the left upper field. ".repeat(8);
  const image = { type: "image_url", image_url: { url: `medv-image:${id}` } };
  const messages = [
    { role: "user", content: [image, { type: "text", text: "What does this image show?" }] },
    { role: "assistant", content: answer },
    { role: "user", content: "How large is the opacity, and where exactly does it lie?" },
  ];
  const { proxy, sent } = await countingProxy();
  try {
    const { port } = proxy.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: "POST",
      headers: { ...headers, connection: "close" },
      body: JSON.stringify({ model: "phantom", messages, stream: true }),
    });
    expect(await response.text()).toContain("[DONE]");
    expect(response.status).toBe(200);
    expect(sent()).toBeGreaterThan(answer.length);
    expect(sent()).toBeLessThan(2048);
  } finally {
    proxy.close();
  }
});

test.each([
  { path: "/openapi.json", type: "application/json" },
  { path: "/docs", type: "text/html; charset=UTF-8" },
  { path: "/v1/models", type: "application/json" },
  { path: "/v1/nothing", type: "application/problem+json" },
])("$path is packed for who takes that, and says so", async ({ path, type }) => {
  const plain = await gateway.app.request(path, { headers: { authorization } });
  expect(plain.headers.has("content-encoding")).toBe(false);
  const headers = { authorization, "accept-encoding": "gzip", "x-request-id": "same" };
  const packed = await gateway.app.request(path, { headers });
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect(packed.headers.get("content-type")).toBe(type);
  expect(packed.headers.get("vary")).toMatch(/accept-encoding/i);
  const unpacked = packed.body?.pipeThrough(new DecompressionStream("gzip"));
  const same = await gateway.app.request(path, {
    headers: { authorization, "x-request-id": "same" },
  });
  expect(await new Response(unpacked ?? null).text()).toBe(await same.text());
});

test("a stream of events is never packed, as each would wait for the next", async () => {
  const response = await gateway.app.request("/v1/answers", {
    method: "POST",
    headers: { authorization, "accept-encoding": "gzip", "content-encoding": "gzip" },
    body: new Uint8Array(
      gzipSync(JSON.stringify({ model: "phantom", messages: [{ role: "user", content: "It?" }] })),
    ),
  });
  expect(response.headers.has("content-encoding")).toBe(false);
  expect(await response.text()).toContain("answer-end");
});

test("every route says in a header that this is no clinical tool, whatever it answers", async () => {
  const routes = gateway.app.routes.filter(({ method }) => method !== "ALL");
  const paths = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  expect(paths.size).toBeGreaterThan(12);
  for (const each of [...paths, "GET /nothing", "PUT /v1/images", "HEAD /v1/models"]) {
    const [method = "", pattern = ""] = each.split(" ");
    const path = pattern.replaceAll(/:\w+(\{[^}]*\})?/g, "1");
    for (const headers of [{ authorization }, {}]) {
      const response = await gateway.app.request(path, { method, headers });
      expect({ each, notice: response.headers.get("x-medv-notice") }).toEqual({
        each,
        notice: NOTICE,
      });
    }
  }
});

test("every body that tells what the model said or is has the notice in a field", () => {
  const schemas = Object.entries(documentOf(gateway.app).components?.schemas ?? {});
  const speaking = schemas.filter(([, schema]) => {
    const { properties = {} } = "$ref" in schema ? {} : schema;
    return "usage" in properties || "context_length" in properties;
  });
  expect(speaking.map(([name]) => name).toSorted()).toEqual([
    "AnswerEnd",
    "ChatCompletion",
    "ChatCompletionChunk",
    "Model",
  ]);
  for (const [name, schema] of speaking) {
    expect({ name, schema }).toHaveProperty("schema.properties.notice");
  }
});
