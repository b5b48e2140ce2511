import { DomainError } from "@medv/proto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { listen } from "./listen.ts";
import { NOTICE } from "./notice.ts";
import { askAbout } from "./testing/ask_about.ts";
import { answerHello, dataUrl, drawPng, startScriptedGateway } from "./testing/scripted_gateway.ts";
import { PREPROCESSING_VERSION } from "./image/preprocess_pixels.ts";

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway();
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.seen.script = answerHello;
  gateway.seen.requests.length = 0;
  gateway.seen.logs.length = 0;
});

const CHAT = "/v1/chat/completions";
const ask = askAbout();

function post(route: string, body: unknown, init: RequestInit = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return gateway.app.request(route, { method: "POST", body: text, ...init });
}

async function upload(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const response = await gateway.app.request("/v1/images", { method: "POST", body: bytes });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

function framesOf(text: string): unknown[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)) as unknown);
}

test("createApp() answers a whole chat completion with usage, notice and the caller's request id", async () => {
  const response = await post(CHAT, ask, { headers: { "x-request-id": "mine-1" } });
  expect(response.status).toBe(200);
  expect(response.headers.get("x-request-id")).toBe("mine-1");
  expect(response.headers.get("x-medv-notice")).toBe(NOTICE);
  expect(await response.json()).toMatchObject({
    object: "chat.completion",
    model: "phantom",
    choices: [
      { index: 0, message: { role: "assistant", content: "Hello there" }, finish_reason: "stop" },
    ],
    usage: {
      prompt_tokens: 7,
      completion_tokens: 2,
      total_tokens: 9,
      details: { image_cache: "none", forward_passes: 4, seed: "5" },
    },
    system_fingerprint: `00/${PREPROCESSING_VERSION}`,
    notice: NOTICE,
  });
  expect(gateway.seen.logs).toEqual([
    {
      event: "request-end",
      fields: expect.objectContaining({ requestId: "mine-1", status: 200, route: CHAT }) as object,
    },
  ]);
});

test("createApp() streams a chat completion with committed text only, and its usage", async () => {
  const response = await post(CHAT, {
    ...ask,
    stream: true,
    stream_options: { include_usage: true },
  });
  const text = await response.text();
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  expect(framesOf(text)).toMatchObject([
    {
      choices: [{ delta: { role: "assistant", content: "" } }],
      usage: null,
      system_fingerprint: `00/${PREPROCESSING_VERSION}`,
    },
    { choices: [{ delta: { content: "Hello" } }] },
    { choices: [{ delta: { content: " there" } }] },
    { choices: [{ delta: {}, finish_reason: "stop" }], notice: NOTICE },
    {
      choices: [],
      usage: { total_tokens: 9, details: { seed: "5" } },
      notice: NOTICE,
      system_fingerprint: `00/${PREPROCESSING_VERSION}`,
    },
  ]);
});

test("createApp() streams a native answer with provisional and committed text", async () => {
  const response = await post("/v1/answers", askAbout([dataUrl(await drawPng(1))]));
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  expect(framesOf(await response.text())).toMatchObject([
    { type: "image-ready", index: 0, width: 8, height: 8, tiles: 1, cached: false },
    { type: "answer-start", prompt_tokens: 7, image_rows: 4, profile: "exact", seed: "5" },
    { type: "block-draft", tokens: [{ text: "Hello", committed: true }, { text: " you" }] },
    { type: "text-delta", text: "Hello" },
    { type: "text-delta", text: " there" },
    {
      type: "answer-end",
      usage: { details: { image_cache: "miss" } },
      system_fingerprint: `00/${PREPROCESSING_VERSION}`,
      notice: NOTICE,
    },
  ]);
});

test("createApp() hands the settings to the decoder under its names", async () => {
  const settings = { max_tokens: 64, temperature: 0.5, seed: -1, stop: "END" };
  const lengths = { min_tokens: 1, max_tokens: 9, start_length: 3, words: 5, template: "{{2}}" };
  const diffusion = { profile: "prefix", block_length: 32, forbidden_token_ids: [3], ...lengths };
  const response = await post(CHAT, { ...ask, ...settings, diffusion, n: 1, user: "u" });
  expect(response.status).toBe(200);
  expect(gateway.seen.requests[0]?.settings).toMatchObject({
    profile: 2,
    genLength: 64,
    blockLength: 32,
    temperature: 0.5,
    seed: 2n ** 64n - 1n,
    stop: ["END"],
    forbiddenTokenIds: [3],
    minTokens: 1,
    maxTokens: 9,
    startLength: 3,
    words: 5,
    template: "{{2}}",
  });
});

test.each(["data URL", "upload"])("createApp() encodes once for a follow-up by %s", async (way) => {
  const bytes = await drawPng(way === "upload" ? 2 : 3);
  const url = way === "upload" ? `medv-image:${await upload(bytes)}` : dataUrl(bytes);
  const first = await post(CHAT, askAbout([url]));
  // An upload is encoded at once: that is its first question's all the same.
  expect(await first.json()).toMatchObject({ usage: { details: { image_cache: "miss" } } });
  const { encodes } = gateway.seen;
  const second = await post(CHAT, askAbout([url], { text: "And now?" }));
  expect(await second.json()).toMatchObject({ usage: { details: { image_cache: "hit" } } });
  expect(gateway.seen.encodes).toBe(encodes);
});

test("createApp() encodes once for concurrent questions about the same bytes", async () => {
  const { encodes } = gateway.seen;
  const body = askAbout([dataUrl(await drawPng(4))]);
  await Promise.all(Array.from({ length: 4 }, async () => (await post(CHAT, body)).text()));
  expect(gateway.seen.encodes).toBe(encodes + 1);
});

test.each([
  { what: "does not find the embedding", code: "embedding_not_found" },
  { what: "has another tower than made it", code: "embedding_mismatch" },
] as const)("createApp() encodes again once when the decoder $what", async ({ code }) => {
  const url = dataUrl(await drawPng(code === "embedding_not_found" ? 5 : 15));
  await (await post(CHAT, askAbout([url]))).text();
  gateway.forgetEmbeddings();
  gateway.seen.script = async function* (request, context) {
    const digest = request.images[0]?.handle?.digest ?? "";
    if (!gateway.isEncoded(digest)) throw new DomainError(code, "Cannot use it");
    yield* answerHello(request, context);
  };
  const { encodes } = gateway.seen;
  const response = await post(CHAT, askAbout([url]));
  expect(await response.json()).toMatchObject({ usage: { details: { image_cache: "miss" } } });
  expect(gateway.seen.encodes).toBe(encodes + 1);
});

test("createApp() gives up when the embedding is missing twice", async () => {
  gateway.seen.script = async function* () {
    yield* [];
    throw new DomainError("embedding_not_found", "Cannot find it");
  };
  gateway.seen.requests.length = 0;
  const response = await post(CHAT, askAbout([dataUrl(await drawPng(6))]));
  expect(response.status).toBe(503);
  expect(gateway.seen.requests).toHaveLength(2);
});

test("createApp() sends several images in their order, between the text", async () => {
  const id = await upload(await drawPng(7, 16));
  const urls = [dataUrl(await drawPng(8)), `medv-image:${id}`];
  const response = await post(CHAT, askAbout(urls, { text: "Compare" }));
  expect(response.status).toBe(200);
  const [request] = gateway.seen.requests;
  expect(request?.images.map(({ width }) => width)).toEqual([8, 16]);
  expect(request?.messages[0]?.parts.map(({ content }) => content)).toEqual([
    { case: "image", value: 0 },
    { case: "image", value: 1 },
    { case: "text", value: "Compare" },
  ]);
});

test("createApp() keeps an upload until it is deleted", async () => {
  const form = new FormData();
  form.append("file", new File([await drawPng(9)], "a.png"));
  const created = await gateway.app.request("/v1/images", { method: "POST", body: form });
  const body = (await created.json()) as { id: string };
  expect(body).toMatchObject({
    format: "png",
    width: 8,
    height: 8,
    tiles: 1,
    frame: { number: 1, of: 1 },
    warnings: [{ code: "very_small" }, { code: "very_dark" }],
  });
  const path = `/v1/images/${body.id}`;
  expect(await (await gateway.app.request(path)).json()).toEqual(body);
  expect((await gateway.app.request(path, { method: "DELETE" })).status).toBe(200);
  expect((await gateway.app.request(path)).status).toBe(404);
});

test.each([CHAT, "/v1/answers"])(
  "createApp() ends the decoder's work when the caller of %s goes away",
  async (route) => {
    const aborted = Promise.withResolvers<void>();
    const hangs: typeof answerHello = async function* (request, context) {
      for await (const response of answerHello(request, context)) {
        yield response;
        if (response.event?.case === "textDelta") break;
      }
      await new Promise<void>((resolve) => {
        context.signal.addEventListener("abort", () => resolve(), { once: true });
      });
      aborted.resolve();
    };
    gateway.seen.script = hangs;
    const response = await post(route, route === CHAT ? { ...ask, stream: true } : ask);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await aborted.promise;
    expect(gateway.seen.logs.map(({ fields }) => fields)).toMatchObject([{ code: "cancelled" }]);
  },
);

test("createApp() ends the decoder's work when the connection of a whole answer is cut", async () => {
  const started = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  gateway.seen.script = async function* (_request, { signal }) {
    yield* [];
    signal.addEventListener("abort", () => aborted.resolve(), { once: true });
    started.resolve();
    await aborted.promise;
  };
  const address = { host: "127.0.0.1", port: 0 };
  const server = await listen((request) => gateway.app.fetch(request), address);
  const controller = new AbortController();
  const answer = fetch(`http://127.0.0.1:${server.port}${CHAT}`, {
    method: "POST",
    body: JSON.stringify(ask),
    signal: controller.signal,
  });
  await started.promise;
  controller.abort();
  await expect(answer).rejects.toThrow("abort");
  await aborted.promise;
  await server.drain();
});

test("createApp() tells an error in mid stream with its code, in both shapes", async () => {
  gateway.seen.script = async function* (request, context) {
    for await (const response of answerHello(request, context)) {
      yield response;
      if (response.event?.case === "textDelta") break;
    }
    throw new DomainError("overloaded", "Cannot go on as it is full");
  };
  const native = framesOf(await (await post("/v1/answers", ask)).text());
  expect(native.at(-1)).toMatchObject({ type: "error", code: "overloaded", status: 429 });
  const chat = framesOf(await (await post(CHAT, { ...ask, stream: true })).text());
  expect(chat.at(-1)).toMatchObject({ error: { code: "overloaded" } });
});

test("createApp() lists the model and is ready when both services are", async () => {
  const models = await gateway.app.request("/v1/models");
  expect(await models.json()).toMatchObject({ object: "list", data: [{ id: "phantom" }] });
  expect((await gateway.app.request("/v1/models/phantom")).status).toBe(200);
  expect((await gateway.app.request("/healthz")).status).toBe(200);
  expect((await gateway.app.request("/readyz")).status).toBe(200);
});

test("an answer has its time for everything: an image that does not come in it is answered with 504", async () => {
  const slow = await startScriptedGateway({
    answerTimeoutMs: 100,
    fetchImage: (_url, _field, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  });
  const body = JSON.stringify(askAbout(["https://images.example.org/a"]));
  const response = await slow.app.request(CHAT, { method: "POST", body });
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ error: { code: "deadline_exceeded" } });
  await slow.stop();
});
