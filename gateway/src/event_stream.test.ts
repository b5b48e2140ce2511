import { afterAll, beforeAll, expect, test } from "vitest";
import { askAbout } from "./testing/ask_about.ts";
import { startScriptedGateway } from "./testing/scripted_gateway.ts";

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway();
});
afterAll(() => gateway.stop());

const CHAT = "/v1/chat/completions";
const ROUTES = [
  { path: "/v1/answers", changes: { on_disconnect: "cancel" }, before: "text-delta" },
  { path: "/v1/answers", changes: { on_disconnect: "continue" }, before: "text-delta" },
  { path: CHAT, changes: { stream: true }, before: "finish_reason" },
];

/** Asks, reads up to what has `word` in it, goes away, and gives what the log says of that. */
async function leaveAt(word: string, path: string, changes: object): Promise<object | undefined> {
  gateway.seen.logs.length = 0;
  const body = JSON.stringify(askAbout([], { ...changes }));
  const response = await gateway.app.request(path, { method: "POST", body });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes(word)) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) throw new Error(`Cannot leave at "${word}" as it did not come: ${text}`);
    text += value;
  }
  await reader?.cancel();
  const [ended] = gateway.seen.logs.filter(({ event }) => event === "request-end");
  return ended?.fields;
}

test.each(ROUTES)(
  "who leaves $path with $changes at its last event has had the answer, who leaves before has not",
  async ({ path, changes, before }) => {
    const last = path === CHAT ? "[DONE]" : "answer-end";
    const whole = await leaveAt(last, path, changes);
    expect(whole).toMatchObject({ status: 200, completion_tokens: 2 });
    expect(whole).not.toHaveProperty("code");
    expect(await leaveAt(before, path, changes)).toMatchObject({ status: 499, code: "cancelled" });
  },
);
