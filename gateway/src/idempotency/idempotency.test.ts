import { DomainError } from "@medv/proto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { askAbout } from "../testing/ask_about.ts";
import { bearer } from "../testing/bearer.ts";
import {
  answerHello,
  drawPng,
  type Script,
  startScriptedGateway,
} from "../testing/scripted_gateway.ts";
import { twoTenants } from "../testing/two_tenants.ts";

const { key, apiKeys } = twoTenants();
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway({ access: { apiKeys } });
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.seen.script = answerHello;
  gateway.seen.requests.length = 0;
});

const CHAT = "/v1/chat/completions";
const ANSWERS = "/v1/answers";
const ask = askAbout();

function post(route: string, body: object | Uint8Array<ArrayBuffer>, name: string, token = key.a) {
  const headers = { ...bearer(token), "idempotency-key": name };
  const bytes = body instanceof Uint8Array ? body : JSON.stringify(body);
  const init = { method: "POST", headers, body: bytes };
  return Promise.resolve(gateway.app.request(route, init));
}

/** Plays the answer up to its first text, tells that, then waits for `go` or its end. */
function heldScript() {
  const [go, held, ended] = [deferred(), deferred(), deferred()];
  const script: Script = async function* (request, context) {
    for await (const event of answerHello(request, context)) {
      yield event;
      if (event.event?.case !== "textDelta") continue;
      held.resolve();
      context.signal.addEventListener("abort", () => {
        ended.resolve();
        go.resolve();
      });
      await go.promise;
      context.signal.throwIfAborted();
    }
  };
  return { script, go, held, ended };
}

function deferred() {
  return Promise.withResolvers<void>();
}

test.each([
  { what: "a whole completion", route: CHAT, body: ask },
  { what: "a streamed completion", route: CHAT, body: { ...ask, stream: true } },
  { what: "a native answer", route: ANSWERS, body: ask },
  {
    what: "a native answer that goes on",
    route: ANSWERS,
    body: { ...ask, on_disconnect: "continue" },
  },
])(
  "a double tap for $what costs one run and gives the same twice, and later once more",
  async ({ route, body }) => {
    const name = crypto.randomUUID();
    const { script, go, held } = heldScript();
    gateway.seen.script = script;
    const first = post(route, body, name);
    const firstText = first.then((response) => response.text());
    await held.promise;
    const second = post(route, body, name);
    const secondText = second.then((response) => response.text());
    go.resolve();
    const [one, other] = await Promise.all([firstText, secondText]);
    expect(one).toContain(" there");
    expect(other).toBe(one);
    expect(await (await post(route, body, name)).text()).toBe(one);
    expect(gateway.seen.requests).toHaveLength(1);
  },
);

test.each([CHAT, ANSWERS])(
  "on %s the work goes on for the second when the first goes away, and ends with both",
  async (route) => {
    const name = crypto.randomUUID();
    const body = route === CHAT ? { ...ask, stream: true } : ask;
    const { script, held, ended } = heldScript();
    gateway.seen.script = script;
    const readers = [];
    for (const response of [await post(route, body, name), await post(route, body, name)]) {
      const reader = response.body?.getReader();
      await reader?.read();
      readers.push(reader);
    }
    await held.promise;
    let hasEnded = false;
    void ended.promise.then(() => (hasEnded = true));
    await readers[0]?.cancel();
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasEnded).toBe(false);
    await readers[1]?.cancel();
    await ended.promise;
    gateway.seen.script = answerHello;
    const again = await post(route, body, name);
    expect(await again.text()).toContain(" there");
    expect(gateway.seen.requests).toHaveLength(2);
  },
);

test("an answer that goes on has the same event ids for both", async () => {
  const name = crypto.randomUUID();
  const body = { ...ask, on_disconnect: "continue" };
  const texts = [];
  for (let tap = 0; tap < 2; tap++) texts.push(await (await post(ANSWERS, body, name)).text());
  expect(texts[0]).toMatch(/^id: ans_[0-9a-f]{32}\.0$/m);
  expect(texts[1]).toBe(texts[0]);
});

test("an answer with a key is taken up by its id; one that is stopped ends so, and is made anew under the key", async () => {
  const name = crypto.randomUUID();
  const headers = bearer(key.a);
  gateway.seen.script = heldScript().script;
  const { body } = await post(ANSWERS, ask, name);
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let begun = "";
  while (!begun.includes("text-delta")) begun += (await reader?.read())?.value ?? "text-delta";
  const path = `${ANSWERS}/${/^id: (\w+)\.0$/m.exec(begun)?.[1]}`;
  const followed = gateway.app.request(path, { headers });
  expect((await gateway.app.request(path, { method: "DELETE", headers })).status).toBe(204);
  for (const response of [await followed, await gateway.app.request(path, { headers })]) {
    const text = await response.text();
    expect(text).toContain('"text":"Hello"');
    expect(text).toContain('"code":"cancelled"');
  }
  gateway.seen.script = answerHello;
  const anew = await (await post(ANSWERS, ask, name)).text();
  expect(anew).toContain(" there");
  const [, id] = /^id: (\w+)\.0$/m.exec(anew) ?? [];
  const whole = await gateway.app.request(`${ANSWERS}/${id}`, { headers });
  expect(await whole.text()).toBe(anew);
});

test.each([CHAT, ANSWERS])("on %s the same key for another question is refused", async (route) => {
  const name = crypto.randomUUID();
  await (await post(route, ask, name)).text();
  const response = await post(route, { ...ask, seed: 3 }, name);
  expect(response.status).toBe(422);
  expect(await response.text()).toContain('"idempotency_key_reused"');
  expect(gateway.seen.requests).toHaveLength(1);
});

test("what failed is done again under the same key", async () => {
  const name = crypto.randomUUID();
  gateway.seen.script = async function* () {
    yield* [];
    throw new DomainError("overloaded", "Cannot answer as it is full");
  };
  expect((await post(CHAT, ask, name)).status).toBe(429);
  gateway.seen.script = async function* (request, context) {
    for await (const event of answerHello(request, context)) {
      yield event;
      if (event.event?.case === "textDelta") throw new DomainError("unavailable", "Cannot go on");
    }
  };
  expect((await post(CHAT, ask, name)).status).toBe(503);
  gateway.seen.script = answerHello;
  expect((await post(CHAT, ask, name)).status).toBe(200);
});

test("another tenant's key is another one", async () => {
  const name = crypto.randomUUID();
  for (const token of [key.a, key.b]) await (await post(CHAT, ask, name, token)).text();
  expect(new Set(gateway.seen.requests.map(({ tenantScope }) => tenantScope)).size).toBe(2);
});

test("an upload under a key is one image, until it is deleted; another file is refused", async () => {
  const name = crypto.randomUUID();
  const png = await drawPng(70);
  const upload = async (): Promise<string> => {
    const response = await post("/v1/images", png, name);
    expect(response.status).toBe(201);
    return ((await response.json()) as { id: string }).id;
  };
  const [id, same] = await Promise.all([upload(), upload()]);
  expect(same).toBe(id);
  expect((await post("/v1/images", await drawPng(71), name)).status).toBe(422);
  expect((await post("/v1/images?frame=1", png, name)).status).toBe(422);
  const headers = bearer(key.a);
  await gateway.app.request(`/v1/images/${id}`, { method: "DELETE", headers });
  expect(await upload()).not.toBe(id);
});

test.each(["", "ä", "a b", "k".repeat(256)])("the key %j is refused by its rule", async (name) => {
  const response = await post(ANSWERS, ask, name);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    code: "invalid_request",
    field: "Idempotency-Key",
  });
});
