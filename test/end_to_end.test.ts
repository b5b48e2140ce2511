import { basename } from "node:path";
import OpenAI, { BadRequestError } from "openai";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GATEWAY_RUNTIMES } from "./gateway_runtimes.ts";
import { type Runtime, startStack, type Stack } from "./stack.ts";
import { ended } from "./start_process.ts";

const CANARY = "Canary Zebrafish 4711";
let stack: Stack;
let openai: OpenAI;
let image: string;

// The services behind the gateway run on Node.
for (const { runtime, isMissing, label } of GATEWAY_RUNTIMES) {
  describe.skipIf(isMissing)(`before a gateway on ${label}`, () => {
    endToEnd(runtime);
  });
}

function endToEnd(runtime: Runtime): void {
  beforeAll(async () => {
    stack = await startStack({}, runtime);
    openai = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: "none", maxRetries: 0 });
    const png = await sharp({
      create: { width: 90, height: 70, channels: 3, background: "#804020" },
    })
      .png()
      .toBuffer();
    image = `data:image/png;base64,${png.toString("base64")}`;
  });

  afterAll(async () => {
    // Before the services: on Deno it may not outlive them (gateway/README.md).
    const gateway = stack.process("gateway");
    gateway.kill("SIGTERM");
    expect(await ended(gateway)).toBe(0);
    await stack.stop();
  });

  test("the gateway runs where it is meant to", () => {
    expect(basename(stack.process("gateway").spawnfile, ".exe")).toBe(runtime);
  });

  test("the openai package gets a whole answer, and a follow-up turn does not encode the image again", async () => {
    const { data } = await openai.models.list();
    const model = data[0]?.id ?? "";
    // Fields of ours go along with those that the package knows.
    const request = {
      model,
      messages: [question(CANARY)],
      max_tokens: 16,
      diffusion: { min_tokens: 4 },
    };
    const first = await openai.chat.completions.create(request);
    expect(first.choices[0]?.message.role).toBe("assistant");
    expect(first.usage?.completion_tokens).toBeGreaterThanOrEqual(4);
    expect(first.usage).toMatchObject({ details: { image_cache: "miss" } });
    const before = encodes();
    expect(before).toBe(1);

    const second = await openai.chat.completions.create({
      model,
      messages: [
        question(CANARY),
        { role: "assistant", content: first.choices[0]?.message.content ?? "" },
        { role: "user", content: "And on the other side?" },
      ],
      max_tokens: 16,
    });
    expect(second.usage).toMatchObject({ details: { image_cache: "hit" } });
    expect(encodes()).toBe(before);
  }, 60_000);

  test("the openai package streams the same text that it gets whole", async () => {
    const model = (await openai.models.list()).data[0]?.id ?? "";
    const request = { model, messages: [question("What is shown?")], max_tokens: 16, seed: 7 };
    const whole = await openai.chat.completions.create(request);
    let text = "";
    for await (const chunk of await openai.chat.completions.create({ ...request, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? "";
    }
    expect(text).toBe(whole.choices[0]?.message.content);
  }, 60_000);

  test("the openai package gets several answers to a template, with logprobs and one run of the tower", async () => {
    const model = (await openai.models.list()).data[0]?.id ?? "";
    const request = {
      model,
      messages: [question("Which side, and why?")],
      n: 3,
      seed: 5,
      temperature: 1,
      logprobs: true,
      priority: "batch",
      diffusion: { profile: "balanced", template: "Side: {{left|right}}, as{{8}}." },
    };
    const before = encodes();
    const whole = await openai.chat.completions.create(request);
    expect(encodes()).toBe(before);
    const texts = whole.choices.map(({ message }) => message.content);
    expect(texts).toHaveLength(3);
    for (const text of texts) expect(text).toMatch(/^Side: (left|right), as[^]*\.$/);
    for (const { logprobs, message } of whole.choices) {
      const tokens = (logprobs?.content ?? []).map(({ token }) => token);
      expect(tokens.join("")).toBe(message.content);
    }
    const streamed = ["", "", ""];
    for await (const chunk of await openai.chat.completions.create({ ...request, stream: true })) {
      for (const { index, delta } of chunk.choices) streamed[index] += delta.content ?? "";
    }
    expect(streamed).toEqual(texts);
  }, 60_000);

  test("an answer without a seed says which it had, and comes again byte by byte from it, as long as the fingerprint is the same", async () => {
    const { data } = await openai.models.list();
    const request = {
      model: data[0]?.id ?? "",
      messages: [question("What does this image show?")],
      max_tokens: 16,
      temperature: 2,
      diffusion: { min_tokens: 12 },
    };
    const first = await openai.chat.completions.create(request);
    const { seed = "" } = detailsOf(first);
    const again = await openai.chat.completions.create({ ...request, seed: Number(seed) });
    expect(again.choices[0]?.message.content).toBe(first.choices[0]?.message.content);
    expect(again.system_fingerprint).toBe(first.system_fingerprint);
    const models = (await (await fetch(`${stack.url}/v1/models`)).json()) as {
      readonly data: readonly { readonly digest: string }[];
    };
    expect(first.system_fingerprint).toMatch(new RegExp(`^${models.data[0]?.digest}/.+`));
    expect(detailsOf(again).seed).toBe(seed);
    expect(detailsOf(await openai.chat.completions.create(request)).seed).not.toBe(seed);
  });

  test("the openai package's seed, lengths, stop and usage do what they say", async () => {
    const model = await openai.models.retrieve("llada-medv-phantom");
    const messages = [question("What is shown?")];
    const request = { model: model.id, messages, seed: 11, temperature: 1, max_tokens: 16 };
    const first = await openai.chat.completions.create(request);
    const text = first.choices[0]?.message.content ?? "";
    const again = await openai.chat.completions.create({
      ...request,
      max_tokens: null,
      max_completion_tokens: 16,
    });
    expect(again.choices[0]?.message.content).toBe(text);
    const used = first.usage;
    expect(used?.total_tokens).toBe((used?.prompt_tokens ?? 0) + (used?.completion_tokens ?? 0));

    const word = text.split(" ")[1] ?? "";
    expect(word).not.toBe("");
    const stopped = await openai.chat.completions.create({ ...request, stop: [word] });
    expect(stopped.choices[0]?.message.content).toBe(text.slice(0, text.indexOf(word)).trimEnd());
    expect(stopped.choices[0]?.finish_reason).toBe("stop");

    const usages = [];
    const options = { stream: true, stream_options: { include_usage: true } } as const;
    for await (const chunk of await openai.chat.completions.create({ ...request, ...options })) {
      if (chunk.usage) usages.push(chunk.usage.total_tokens);
    }
    expect(usages).toEqual([used?.total_tokens]);
  }, 60_000);

  test("the openai package throws its own errors, with our codes", async () => {
    const asked = openai.chat.completions.create({
      model: "llada-medv-phantom",
      messages: [{ role: "user", content: CANARY }],
      frequency_penalty: 1,
    });
    await expect(asked).rejects.toBeInstanceOf(BadRequestError);
    await expect(asked).rejects.toMatchObject({
      code: "unsupported_field",
      param: "frequency_penalty",
    });
  });

  test("a setting that does not fit gives one clear error with a stable code", async () => {
    const response = await fetch(`${stack.url}/v1/answers`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: "llada-medv-phantom",
        messages: [{ role: "user", content: CANARY }],
        diffusion: { profile: "exact", gen_length: 64, block_length: 10 },
      }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: "invalid_setting",
      field: "diffusion.block_length",
    });
  });

  test("no log line holds the question or the image", () => {
    expect(stack.lines.length).toBeGreaterThan(5);
    const payload = image.slice(image.indexOf(",") + 1, image.indexOf(",") + 40);
    const leaks = stack.lines.filter(
      (line) => line.includes("Zebrafish") || line.includes(payload),
    );
    expect(leaks).toEqual([]);
  });
}

function encodes(): number {
  return stack.lines.filter((line) => line.includes('"encode-end"')).length;
}

function question(text: string): OpenAI.ChatCompletionMessageParam {
  return {
    role: "user",
    content: [
      { type: "image_url", image_url: { url: image } },
      { type: "text", text },
    ],
  };
}

/** What the package passes on of fields of ours. */
function detailsOf({ usage }: OpenAI.ChatCompletion): { readonly seed?: string } {
  return (usage as { readonly details?: { readonly seed?: string } } | undefined)?.details ?? {};
}
