import { DomainError } from "@medv/proto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askAbout } from "./testing/ask_about.ts";
import { dataUrl, MAX_IMAGE_BYTES, startScriptedGateway } from "./testing/scripted_gateway.ts";

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway();
});
afterAll(() => gateway.stop());

const CHAT = "/v1/chat/completions";
const ask = askAbout();

function post(route: string, body: unknown) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return gateway.app.request(route, { method: "POST", body: text });
}

const user = (content: unknown) => ({ ...ask, messages: [{ role: "user", content }] });
const image = (url: string) => user([{ type: "image_url", image_url: { url } }]);

test.each([
  { what: "no JSON", body: "{", code: "invalid_request", status: 400, field: null },
  {
    what: "an unknown field",
    body: { ...ask, foo: 1 },
    code: "invalid_request",
    status: 400,
    field: "foo",
  },
  {
    what: "an unknown setting",
    body: { ...ask, diffusion: { foo: 1 } },
    code: "invalid_request",
    status: 400,
    field: "diffusion.foo",
  },
  {
    what: "a wrong type",
    body: { ...ask, diffusion: { steps: "a" } },
    code: "invalid_request",
    status: 400,
    field: "diffusion.steps",
  },
  {
    what: "a part without text",
    body: user([{ type: "text" }]),
    code: "invalid_request",
    status: 400,
    field: "messages[0].content[0].text",
  },
  { what: "n = 99", body: { ...ask, n: 99 }, code: "invalid_request", status: 400, field: "n" },
  {
    what: "top_logprobs",
    body: { ...ask, logprobs: true, top_logprobs: 2 },
    code: "unsupported_field",
    status: 400,
    field: "top_logprobs",
  },
  {
    what: "another priority",
    body: { ...ask, priority: "now" },
    code: "invalid_request",
    status: 400,
    field: "priority",
  },
  {
    what: "tools",
    body: { ...ask, tools: [{}] },
    code: "unsupported_field",
    status: 400,
    field: "tools",
  },
  {
    what: "an http URL",
    body: image("https://x.org/a.png"),
    code: "unsupported_field",
    status: 400,
    field: "messages[0].content[0].image_url.url",
  },
  {
    what: "broken base64",
    body: image("data:image/png;base64,ab$="),
    code: "invalid_request",
    status: 400,
    field: "messages[0].content[0].image_url.url",
  },
  {
    what: "another URL",
    body: image("file:///a.png"),
    code: "invalid_request",
    status: 400,
    field: "messages[0].content[0].image_url.url",
  },
  {
    what: "an unknown image",
    body: image("medv-image:none"),
    code: "unknown_image",
    status: 404,
    field: "messages[0].content[0].image_url.url",
  },
  {
    what: "a text as image",
    body: image(dataUrl(Buffer.from("hello"))),
    code: "unsupported_image",
    status: 415,
    field: null,
  },
  {
    what: "a large image",
    body: image(dataUrl(new Uint8Array(MAX_IMAGE_BYTES + 9))),
    code: "image_too_large",
    status: 413,
    field: "messages[0].content[0].image_url.url",
  },
  {
    what: "no messages",
    body: { ...ask, messages: [] },
    code: "invalid_messages",
    status: 400,
    field: "messages",
  },
  {
    what: "an answer at the end",
    body: { ...ask, messages: [...ask.messages, { role: "assistant", content: "a" }] },
    code: "invalid_messages",
    status: 400,
    field: "messages[1].role",
  },
  {
    what: "more images than any context holds",
    body: {
      ...ask,
      messages: Array.from({ length: 33 }, () => image("medv-image:none").messages).flat(),
    },
    code: "invalid_messages",
    status: 400,
    field: "messages[32].content[0].image_url",
  },
  {
    what: "another model",
    body: { ...ask, model: "gpt" },
    code: "unknown_model",
    status: 404,
    field: "model",
  },
  {
    what: "two lengths",
    body: { ...ask, max_tokens: 8, diffusion: { gen_length: 16 } },
    code: "invalid_setting",
    status: 400,
    field: "diffusion.gen_length",
  },
  {
    what: "a large body",
    body: " ".repeat(2 << 20),
    code: "body_too_large",
    status: 413,
    field: null,
  },
])("createApp() refuses $what with $code", async ({ body, code, status, field }) => {
  const response = await post(CHAT, body);
  expect({ status: response.status, ...((await response.json()) as object) }).toMatchObject({
    status,
    error: { code, param: field },
  });
});

test.each(["context_too_long", "invalid_setting", "overloaded", "internal"] as const)(
  "createApp() passes the decoder's %s on as a problem",
  async (code) => {
    gateway.seen.script = async function* () {
      yield* [];
      throw new DomainError(code, "Cannot answer as a test says so", { field: "f", hint: "h" });
    };
    const response = await post("/v1/answers", ask);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({
      code,
      field: "f",
      hint: "h",
      status: response.status,
    });
  },
);

test.each([
  { what: "an empty body", body: "", status: 400, code: "invalid_request" },
  {
    what: "a body over the cap",
    body: "x".repeat(MAX_IMAGE_BYTES + 1),
    status: 413,
    code: "body_too_large",
  },
  { what: "another format", body: "BM-not-taken", status: 415, code: "unsupported_image" },
])("POST /v1/images refuses $what with $code", async ({ body, status, code }) => {
  const response = await gateway.app.request("/v1/images", { method: "POST", body });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ code, status });
});

test("createApp() answers an unknown route with a problem", async () => {
  const response = await gateway.app.request("/nothing");
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "not_found" });
});
