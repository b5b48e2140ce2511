import { FinishReason, Priority } from "@medv/proto/diffusion";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { askAbout } from "./testing/ask_about.ts";
import { type Script, startScriptedGateway } from "./testing/scripted_gateway.ts";

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway();
  gateway.seen.script = answerBoth;
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.seen.requests.length = 0;
});

const CHAT = "/v1/chat/completions";
const ask = askAbout();

function post(route: string, body: object) {
  return gateway.app.request(route, { method: "POST", body: JSON.stringify(body) });
}

/** Says "A b" and "C d", a delta of each in turn, with logprobs where they are asked for. */
const answerBoth: Script = async function* (request) {
  const texts = [
    ["A", " b"],
    ["C", " d"],
  ].slice(0, Math.max(1, request.choices));
  for (const choice of texts.keys()) {
    const value = { promptTokens: 7, genLength: 4, seed: BigInt(5 + choice) };
    yield { choice, event: { case: "answerStart", value } };
  }
  for (const place of [0, 1]) {
    for (const [choice, words] of texts.entries()) {
      const text = words[place] ?? "";
      const tokens = request.settings?.logprobs === true ? [{ text, logprob: -place }] : [];
      yield { choice, event: { case: "textDelta", value: { text, tokens } } };
    }
  }
  for (const choice of texts.keys()) {
    const value = {
      finishReason: choice === 0 ? FinishReason.STOP : FinishReason.LENGTH,
      completionTokens: 2 + choice,
      forwardPasses: 4,
      decodeMs: 10 + choice,
    };
    yield { choice, event: { case: "answerEnd", value } };
  }
};

test("createApp() gives n choices by index, and what they cost together", async () => {
  const response = await post(CHAT, { ...ask, n: 2 });
  expect(await response.json()).toMatchObject({
    choices: [
      { index: 0, message: { content: "A b" }, logprobs: null, finish_reason: "stop" },
      { index: 1, message: { content: "C d" }, logprobs: null, finish_reason: "length" },
    ],
    usage: {
      prompt_tokens: 7,
      completion_tokens: 5,
      total_tokens: 12,
      details: { forward_passes: 8, decode_ms: 11 },
    },
  });
  expect(gateway.seen.requests).toMatchObject([{ choices: 2 }]);
});

test("createApp() streams n choices side by side, one usage for all", async () => {
  const body = { ...ask, n: 2, stream: true, stream_options: { include_usage: true } };
  const lines = (await (await post(CHAT, body)).text()).split("\n\n").filter((line) => line !== "");
  expect(lines.pop()).toBe("data: [DONE]");
  expect(lines.map((line) => JSON.parse(line.slice(6)) as unknown)).toMatchObject([
    { choices: [{ index: 0, delta: { role: "assistant" } }] },
    { choices: [{ index: 1, delta: { role: "assistant" } }] },
    { choices: [{ index: 0, delta: { content: "A" } }] },
    { choices: [{ index: 1, delta: { content: "C" } }] },
    { choices: [{ index: 0, delta: { content: " b" } }] },
    { choices: [{ index: 1, delta: { content: " d" } }] },
    { choices: [{ index: 0, finish_reason: "stop" }] },
    { choices: [{ index: 1, finish_reason: "length" }] },
    { choices: [], usage: { completion_tokens: 5 } },
  ]);
});

test("createApp() tells the log-confidence of every token where logprobs asks for it", async () => {
  const body = { ...ask, logprobs: true, top_logprobs: 0 };
  expect(await (await post(CHAT, body)).json()).toMatchObject({
    choices: [
      {
        logprobs: {
          content: [
            { token: "A", logprob: 0, bytes: [65], top_logprobs: [] },
            { token: " b", logprob: -1, bytes: [32, 98], top_logprobs: [] },
          ],
        },
      },
    ],
  });
  const streamed = await (await post(CHAT, { ...body, stream: true })).text();
  expect(streamed).toContain('"logprobs":{"content":[{"token":"A","logprob":0');
});

test("createApp() says in the native stream which choice an event belongs to", async () => {
  const text = await (await post("/v1/answers", { ...ask, n: 2, logprobs: true })).text();
  const events = text.split("\n").filter((line) => line.startsWith("data: "));
  expect(events.map((line) => JSON.parse(line.slice(6)) as unknown)).toMatchObject([
    { type: "answer-start", choice: 0, seed: "5" },
    { type: "answer-start", choice: 1, seed: "6" },
    { type: "text-delta", choice: 0, tokens: [{ text: "A", logprob: 0 }] },
    { type: "text-delta", choice: 1, tokens: [{ text: "C", logprob: 0 }] },
    { type: "text-delta", choice: 0, tokens: [{ text: " b", logprob: -1 }] },
    { type: "text-delta", choice: 1, tokens: [{ text: " d", logprob: -1 }] },
    { type: "answer-end", choice: 0 },
    { type: "answer-end", choice: 1 },
  ]);
});

test.each([
  { body: {}, priority: Priority.INTERACTIVE },
  { body: { priority: "batch" }, priority: Priority.BATCH },
])("createApp() hands the priority of $body on", async ({ body, priority }) => {
  for (const route of [CHAT, "/v1/answers"]) await (await post(route, { ...ask, ...body })).text();
  expect(gateway.seen.requests.map((request) => request.priority)).toEqual([priority, priority]);
});
