import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { startStack, type Stack } from "./stack.ts";

let stack: Stack | undefined;
afterEach(async () => {
  await stack?.stop();
});

const LONG = {
  model: "llada-medv-phantom",
  messages: [{ role: "user", content: "What is shown?" }],
  diffusion: { gen_length: 256, block_length: 64 },
};

function ask(url: string, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(`${url}/v1/answers`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(LONG),
    signal,
  });
}

test("SIGTERM of the diffusion service during an answer lets the answer finish, and it exits with 0", async () => {
  stack = await startStack();
  const diffusion = stack.process("diffusion");
  const response = await ask(stack.url);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let signalled = false;
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    text += part.value;
    if (!signalled && text.includes("block-draft")) {
      diffusion.kill("SIGTERM");
      signalled = true;
    }
  }
  expect(text).toContain("event: answer-end");
  if (diffusion.exitCode === null) await once(diffusion, "exit");
  expect(diffusion.exitCode).toBe(0);
}, 60_000);

test("a client that goes away stops the decoder", async () => {
  stack = await startStack();
  const controller = new AbortController();
  const response = await ask(stack.url, controller.signal);
  await response.body?.getReader().read();
  controller.abort();
  const { lines } = stack;
  // An answer of one token comes through at once when nothing else runs any more, and the long one never ends.
  const short = await fetch(`${stack.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: LONG.model, messages: LONG.messages, max_tokens: 1 }),
  });
  expect(short.status).toBe(200);
  await stack.stop();
  const ends = lines.filter((line) => line.includes('"answer-end"'));
  expect(ends).toHaveLength(1);
  expect(ends[0]).toContain('"genLength":1');
}, 60_000);
