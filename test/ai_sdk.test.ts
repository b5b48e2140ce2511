import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, type ModelMessage, streamText } from "ai";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startStack, type Stack } from "./stack.ts";

let stack: Stack;
let png: Uint8Array;

beforeAll(async () => {
  stack = await startStack();
  png = await sharp({ create: { width: 50, height: 40, channels: 3, background: "#207040" } })
    .png()
    .toBuffer();
});
afterAll(async () => {
  await stack.stop();
});

function model() {
  const gateway = createOpenAICompatible({
    name: "medv",
    baseURL: `${stack.url}/v1`,
    includeUsage: true,
  });
  return gateway("llada-medv-phantom");
}

function encodes(): number {
  return stack.lines.filter((line) => line.includes('"encode-end"')).length;
}

test("the AI SDK gets an answer about an image, streams the same, and goes on without encoding it again", async () => {
  const question: ModelMessage = {
    role: "user",
    content: [
      { type: "text", text: "What does it show?" },
      { type: "file", mediaType: "image/png", data: png },
    ],
  };
  const settings = { model: model(), maxOutputTokens: 16, seed: 7, maxRetries: 0 };
  const whole = await generateText({ ...settings, messages: [question] });
  expect(whole.text).not.toBe("");
  expect(["stop", "length"]).toContain(whole.finishReason);
  expect(whole.usage.inputTokens).toBeGreaterThan(0);
  expect(whole.usage.outputTokens).toBeGreaterThan(0);
  expect(encodes()).toBe(1);

  const streamed = streamText({ ...settings, messages: [question] });
  let text = "";
  for await (const piece of streamed.textStream) text += piece;
  expect(text).toBe(whole.text);
  expect(await streamed.usage).toMatchObject({
    inputTokens: whole.usage.inputTokens,
    outputTokens: whole.usage.outputTokens,
  });

  const next = await generateText({
    ...settings,
    messages: [question, ...whole.response.messages, { role: "user", content: "Where is it?" }],
  });
  expect(next.usage.inputTokens ?? 0).toBeGreaterThan(whole.usage.inputTokens ?? 0);
  expect(encodes()).toBe(1);
});

test("the AI SDK gives settings of ours on, and tells an error by its text", async () => {
  const asked = generateText({
    model: model(),
    prompt: "What is it?",
    maxRetries: 0,
    providerOptions: {
      medv: { diffusion: { profile: "exact", gen_length: 64, block_length: 10 } },
    },
  });
  await expect(asked).rejects.toMatchObject({
    statusCode: 400,
    data: { error: { code: "invalid_setting", param: "diffusion.block_length" } },
  });
});
