import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { startScriptedGateway } from "@medv/gateway/testing/scripted_gateway";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway();
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.seen.requests.length = 0;
});

const QUESTION = { model: "phantom", messages: [{ role: "user", content: "What is it?" }] };

/** Fields that say what is wanted; they do what OpenAI says. */
const OFFERED = [
  ...["model", "messages", "n", "seed", "stop", "temperature", "logprobs"],
  ...["max_tokens", "max_completion_tokens", "stream", "stream_options"],
];

/** Values that ask for nothing, and what is refused; null asks for nothing everywhere. */
const OTHERS: Readonly<Record<string, { taken: readonly unknown[]; refused: readonly unknown[] }>> =
  {
    user: { taken: ["u-1"], refused: [] },
    metadata: { taken: [{ ward: "3" }], refused: [] },
    safety_identifier: { taken: ["u-1"], refused: [] },
    prompt_cache_key: { taken: ["k"], refused: [] },
    store: { taken: [false], refused: [true] },
    top_logprobs: { taken: [0], refused: [1] },
    top_p: { taken: [1], refused: [0.9] },
    presence_penalty: { taken: [0], refused: [0.5] },
    frequency_penalty: { taken: [0], refused: [-0.5] },
    logit_bias: { taken: [{}], refused: [{ 5: -100 }] },
    tools: { taken: [[]], refused: [[{ type: "function", function: { name: "f" } }]] },
    tool_choice: { taken: ["none"], refused: ["auto", "required"] },
    parallel_tool_calls: { taken: [true, false], refused: ["yes"] },
    functions: { taken: [[]], refused: [[{ name: "f" }]] },
    function_call: { taken: ["none"], refused: ["auto"] },
    response_format: {
      taken: [{ type: "text" }],
      refused: [{ type: "json_object" }, { type: "json_schema", json_schema: {} }],
    },
    modalities: { taken: [["text"]], refused: [["text", "audio"]] },
    audio: { taken: [], refused: [{ voice: "alloy", format: "wav" }] },
    prediction: { taken: [], refused: [{ type: "content", content: "a" }] },
    reasoning_effort: { taken: ["none"], refused: ["low", "high"] },
    verbosity: { taken: ["medium"], refused: ["low", "high"] },
    service_tier: { taken: ["auto", "default"], refused: ["flex", "priority"] },
    moderation: { taken: [], refused: [{}] },
    web_search_options: { taken: [], refused: [{}] },
    prompt_cache_options: { taken: [], refused: [{}] },
    prompt_cache_retention: { taken: [], refused: ["24h"] },
  };

test("every field that the openai package knows has its place here", () => {
  expect(officialFields().toSorted()).toEqual([...OFFERED, ...Object.keys(OTHERS)].toSorted());
});

const taken = Object.entries(OTHERS).flatMap(([field, values]) =>
  [null, ...values.taken].map((value) => ({ field, value })),
);
const refused = Object.entries(OTHERS).flatMap(([field, values]) =>
  values.refused.map((value) => ({ field, value })),
);

test.each(taken)("$field: $value is taken and changes nothing", async ({ field, value }) => {
  for (const body of [QUESTION, { ...QUESTION, [field]: value }]) {
    expect((await ask(body)).status).toBe(200);
  }
  const [plain, changed] = gateway.seen.requests;
  expect(changed).toEqual(plain);
});

test.each(refused)("$field: $value is refused by its name", async ({ field, value }) => {
  const response = await ask({ ...QUESTION, [field]: value });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { code: "unsupported_field", param: field, type: "invalid_request_error" },
  });
  expect(gateway.seen.requests).toEqual([]);
});

function ask(body: object) {
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", headers, body: JSON.stringify(body) };
  return gateway.app.request("/v1/chat/completions", init);
}

/** The fields of the package's own type of a request. */
function officialFields(): string[] {
  // Not `import.meta.resolve`, which Deno does not have under vitest.
  const { resolve } = createRequire(import.meta.url);
  const entry = resolve("openai/resources/chat/completions/completions");
  const types = readFileSync(entry.replace(/\.m?js$/, ".d.ts"), "utf8");
  const start = types.indexOf("export interface ChatCompletionCreateParamsBase {");
  const body = types.slice(start, types.indexOf("\n}\n", start));
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, name]) => name ?? "");
}
