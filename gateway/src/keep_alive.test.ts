import { setTimeout as sleep } from "node:timers/promises";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keepAlive } from "./keep_alive.ts";
import { askAbout } from "./testing/ask_about.ts";
import { answerHello, type Script, startScriptedGateway } from "./testing/scripted_gateway.ts";

/** Says everything, after a silence before each text. */
const silent: Script = async function* script(request, context) {
  for await (const event of answerHello(request, context)) {
    if (event.event?.case === "textDelta") await sleep(100);
    yield event;
  }
};

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway({ keepAliveMs: 10 });
});
afterAll(() => gateway.stop());

/** The stream as it stands on the wire, from a decoder that is silent now and then, or is not. */
async function asked(script: Script, path: string, changes: object): Promise<string> {
  gateway.seen.script = script;
  const body = JSON.stringify(askAbout([], { ...changes }));
  return await (await gateway.app.request(path, { method: "POST", body })).text();
}

/** What a reader of events gets, without what no two answers share. */
async function eventsOf(text: string): Promise<string> {
  const events = new Blob([text])
    .stream()
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  const read: object[] = [];
  for await (const event of events) read.push(event);
  return JSON.stringify(read).replaceAll(/(?:ans_|chatcmpl-)[0-9a-f-]+|\\"created\\":\d+/g, "");
}

test.each([
  { path: "/v1/answers", changes: {} },
  { path: "/v1/answers", changes: { on_disconnect: "continue" } },
  { path: "/v1/chat/completions", changes: { stream: true } },
])(
  "$path with $changes has comments while the decoder is silent, and the same events",
  async ({ path, changes }) => {
    const text = await asked(silent, path, changes);
    const comments = text.split("\n\n").filter((frame) => frame === ": keep-alive");
    expect(comments.length).toBeGreaterThan(1);
    const events = await eventsOf(text);
    expect(events).toContain("Hello");
    expect(events).toBe(await eventsOf(await asked(answerHello, path, changes)));
  },
);

async function* breaking(): AsyncGenerator<string, string> {
  yield "one";
  yield "two";
  await sleep(1);
  throw new Error("it broke");
}

test("keepAlive() says nothing where frames come in time, and passes on how they end", async () => {
  const seen: string[] = [];
  const reading = (async () => {
    for await (const each of keepAlive(breaking(), 60_000)) seen.push(each);
  })();
  await expect(reading).rejects.toThrow("it broke");
  expect(seen).toEqual(["one", "two"]);
});

test("keepAlive() ends the frames when it is left at a comment", async () => {
  let hasEnded = false;
  async function* frames(): AsyncGenerator<string, string> {
    try {
      await sleep(50);
      yield "late";
      return "last";
    } finally {
      hasEnded = true;
    }
  }
  for await (const each of keepAlive(frames(), 1)) {
    expect(each).toBe(": keep-alive\n\n");
    break;
  }
  expect(hasEnded).toBe(true);
});
