import { readFile } from "node:fs/promises";
import createClient from "openapi-fetch";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startStack, type Stack } from "../stack.ts";
import { CLIENT_TYPES, clientTypes } from "./client_types.ts";
import type { paths } from "./gen/api.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(async () => {
  await stack.stop();
});

test("the client's types are those of the served document: after a change, `npm run client` makes them", async () => {
  const document = await (await fetch(`${stack.url}/openapi.json`)).text();
  expect(await clientTypes(document)).toBe(await readFile(CLIENT_TYPES, "utf8"));
});

test("a client from the document holds a conversation", async () => {
  // The media type is named as an answer may also be a stream of events: without it, both types would be in question.
  const client = createClient<paths, "application/json">({ baseUrl: stack.url });
  const models = await client.GET("/v1/models");
  const model = models.data?.data[0]?.id ?? "";
  const png = await sharp({ create: { width: 40, height: 30, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  const upload = await client.POST("/v1/images", {
    body: new Blob([new Uint8Array(png)]),
    bodySerializer: (body) => body,
    headers: { "content-type": "application/octet-stream" },
  });
  expect(upload.data).toMatchObject({ format: "png", width: 40, height: 30 });

  const question = {
    role: "user" as const,
    content: [
      { type: "image_url" as const, image_url: { url: `medv-image:${upload.data?.id}` } },
      { type: "text" as const, text: "What does it show?" },
    ],
  };
  const first = await client.POST("/v1/chat/completions", {
    body: { model, messages: [question], diffusion: { gen_length: 16, min_tokens: 2 } },
  });
  const content = first.data?.choices[0]?.message.content ?? "";
  expect(first.data?.usage.completion_tokens).toBeGreaterThanOrEqual(2);

  const second = await client.POST("/v1/chat/completions", {
    body: {
      model,
      messages: [
        question,
        { role: "assistant", content },
        { role: "user", content: "Where is it?" },
      ],
      max_tokens: 16,
    },
  });
  expect(second.data?.usage.details.image_cache).toBe("hit");

  const refused = await client.POST("/v1/chat/completions", {
    body: { model: "other", messages: [question] },
  });
  expect(refused.error?.error).toMatchObject({ code: "unknown_model", param: "model" });
});
