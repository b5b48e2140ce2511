import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { askAbout } from "./testing/ask_about.ts";
import { answerHello, type Script, startScriptedGateway } from "./testing/scripted_gateway.ts";

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway();
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.seen.script = answerHello;
});

type Frame = {
  readonly id: string;
  readonly data: { readonly type: string; readonly text?: string };
};

function ask(onDisconnect: string, headers: Readonly<Record<string, string>> = {}, more = {}) {
  const body = JSON.stringify(askAbout([], { on_disconnect: onDisconnect, ...more }));
  return gateway.app.request("/v1/answers", { method: "POST", headers, body });
}

function follow(id: string, lastEventId?: string) {
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  return gateway.app.request(`/v1/answers/${id}`, { headers });
}

function framesOf(text: string): Frame[] {
  return text
    .split("\n\n")
    .filter((frame) => frame !== "" && !frame.startsWith(":"))
    .map((frame) => ({
      id: /^id: (.*)$/m.exec(frame)?.[1] ?? "",
      data: JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? "") as Frame["data"],
    }));
}

/** Says one word, then waits for `release` or for its end. */
function waiting(release: Promise<void>): Script {
  return async function* script(request, context) {
    for await (const event of answerHello(request, context)) {
      yield event;
      if (event.event?.case !== "textDelta") continue;
      await Promise.race([
        release,
        new Promise((_, reject) => {
          context.signal.addEventListener("abort", () => reject(new Error("aborted")));
        }),
      ]);
    }
  };
}

/** Reads until the first text came, then goes away. */
async function readFirstText(response: Response): Promise<Frame> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("text-delta") || !text.endsWith("\n\n")) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) break;
    text += value ?? "";
  }
  await reader?.cancel();
  const frame = framesOf(text).at(-1);
  if (frame === undefined) throw new Error("no frame");
  return frame;
}

test.each([
  { onDisconnect: "cancel", status: 404 },
  { onDisconnect: "continue", status: 200 },
])(
  "POST /v1/answers numbers every event, and with $onDisconnect taking it up gives $status",
  async ({ onDisconnect, status }) => {
    const ids = framesOf(await (await ask(onDisconnect)).text()).map(({ id }) => id);
    expect(ids.map((id) => id.replace(/^ans_[0-9a-f]{32}\./, ""))).toEqual([
      "0",
      "1",
      "2",
      "3",
      "4",
    ]);
    const [id = ""] = ids[0]?.split(".") ?? [];
    expect(new Set(ids.map((each) => each.split(".")[0]))).toEqual(new Set([id]));
    expect((await follow(id, `${id}.0`)).status).toBe(status);
  },
);

test("POST /v1/answers numbers the events of an answer with an Idempotency-Key alike for both who ask", async () => {
  const headers = { "idempotency-key": crypto.randomUUID() };
  const asked = async (): Promise<Frame[]> => framesOf(await (await ask("cancel", headers)).text());
  const first = await asked();
  expect(first.map(({ id }) => id.split(".")[1])).toEqual(["0", "1", "2", "3", "4"]);
  expect(await asked()).toEqual(first);
});

test("GET /v1/answers/:id continues after the last event, with nothing lost or doubled", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  gateway.seen.script = waiting(promise);
  const last = await readFirstText(await ask("continue"));
  const [id = ""] = last.id.split(".");
  resolve();
  const rest = framesOf(await (await follow(id, last.id)).text());
  expect(rest.map(({ data }) => data.type)).toEqual(["text-delta", "answer-end"]);
  expect(`${last.data.text}${rest[0]?.data.text}`).toBe("Hello there");
  const whole = framesOf(await (await follow(id)).text());
  expect(whole.map(({ data }) => data.type)).toEqual([
    "answer-start",
    "block-draft",
    "text-delta",
    "text-delta",
    "answer-end",
  ]);
});

test("an answer can be taken up for continue_seconds after its end, however long it took", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  gateway.seen.script = waiting(promise);
  const last = await readFirstText(await ask("continue", {}, { continue_seconds: 1 }));
  const [id = ""] = last.id.split(".");
  await sleep(1500);
  resolve();
  const rest = framesOf(await (await follow(id, last.id)).text());
  expect(rest.at(-1)?.data.type).toBe("answer-end");
  await sleep(1500);
  expect((await follow(id)).status).toBe(404);
});

test.each([
  ["cancel", 60, "invalid_setting"],
  ["continue", 0, "invalid_request"],
  ["continue", 601, "invalid_request"],
])("with %s, continue_seconds of %i is refused by name", async (onDisconnect, seconds, code) => {
  const response = await ask(onDisconnect, {}, { continue_seconds: seconds });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code, field: "continue_seconds" });
});

test("DELETE /v1/answers/:id ends the decoder's work and its readers' streams", async () => {
  gateway.seen.script = waiting(new Promise(() => {}));
  const last = await readFirstText(await ask("continue"));
  const [id = ""] = last.id.split(".");
  const reader = await follow(id, last.id);
  const stopped = await gateway.app.request(`/v1/answers/${id}`, { method: "DELETE" });
  expect(stopped.status).toBe(204);
  expect(framesOf(await reader.text())).toMatchObject([
    { data: { type: "error", code: "cancelled" } },
  ]);
});

test.each([
  { id: "ans_0", lastEventId: undefined, status: 404, code: "not_found" },
  { id: undefined, lastEventId: "ans_0.1", status: 400, code: "invalid_request" },
])("GET /v1/answers/:id refuses with $code", async ({ id, lastEventId, status, code }) => {
  const [first] = framesOf(await (await ask("continue")).text());
  const known = first?.id.split(".")[0] ?? "";
  const response = await follow(id ?? known, lastEventId);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ code });
});
