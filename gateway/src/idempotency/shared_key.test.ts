import { setTimeout as sleep } from "node:timers/promises";
import { DomainError } from "@medv/proto";
import type { CacheConnection } from "@medv/runtime/remote_cache/cache_connection";
import { prepareRedis, redisTest } from "@medv/runtime/testing/redis_tests";
import { until } from "@medv/runtime/testing/until";
import { expect } from "vitest";
import {
  answerHello,
  drawPng,
  type Script,
  startScriptedGateway,
} from "../testing/scripted_gateway.ts";

type Gateway = Awaited<ReturnType<typeof startScriptedGateway>> & {
  readonly connection: CacheConnection;
};

const redis = prepareRedis();

/** Two gateways that share a cache. */
async function startTwo(): Promise<[Gateway, Gateway]> {
  return [await start(), await start()];
}

async function start(): Promise<Gateway> {
  const connection = await redis.connect(new Uint8Array(32));
  const gateway = await startScriptedGateway({ connection });
  redis.cleanUp(gateway.stop);
  return { ...gateway, connection };
}

const CHAT = "/v1/chat/completions";
const ANSWERS = "/v1/answers";
const ask = { model: "phantom", messages: [{ role: "user", content: "What is it?" }] };

function post({ app }: Gateway, route: string, body: object, key = "a-key"): Promise<Response> {
  const bytes = body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
  const headers = { "idempotency-key": key };
  return Promise.resolve(app.request(route, { method: "POST", headers, body: bytes }));
}

/** What an answer says, whatever the order of its members. */
async function told(response: Response): Promise<unknown[]> {
  expect(response.status).toBeLessThan(300);
  const lines = (await response.text()).split("\n");
  return lines.map((line) => {
    const data = line.replace(/^data: /, "");
    return data.startsWith("{") ? (JSON.parse(data) as unknown) : data;
  });
}

/** Plays the answer up to its first event, or its first text, tells that, then waits for `go` or its end. */
function heldScript(at: "answerStart" | "textDelta") {
  const [go, held, ended] = [deferred(), deferred(), deferred()];
  const script: Script = async function* (request, context) {
    for await (const event of answerHello(request, context)) {
      if (event.event?.case === at) {
        held.resolve();
        context.signal.addEventListener("abort", () => {
          ended.resolve();
          go.resolve();
        });
        await go.promise;
        context.signal.throwIfAborted();
      }
      yield event;
    }
  };
  return { script, go, held, ended };
}

function deferred() {
  return Promise.withResolvers<void>();
}

function runs(...gateways: Gateway[]): number {
  return gateways.reduce((sum, { seen }) => sum + seen.requests.length, 0);
}

for (const { what, route, body } of [
  { what: "a whole completion", route: CHAT, body: ask },
  { what: "a streamed completion", route: CHAT, body: { ...ask, stream: true } },
  { what: "a native answer", route: ANSWERS, body: ask },
  {
    what: "a native answer that goes on",
    route: ANSWERS,
    body: { ...ask, on_disconnect: "continue" },
  },
] as const) {
  redisTest(
    `a double tap for ${what} at two gateways at once costs one run and gives the same, and later too`,
    async () => {
      const [first, second] = await startTwo();
      const { script, go, held } = heldScript("answerStart");
      for (const { seen } of [first, second]) seen.script = script;
      const both = [first, second].map(async (gateway) => told(await post(gateway, route, body)));
      await held.promise;
      // The other has time to begin too, if it did.
      await sleep(500);
      go.resolve();
      const [one, other] = await Promise.all(both);
      expect(JSON.stringify(one)).toContain(" there");
      expect(other).toEqual(one);
      for (const gateway of [first, second]) {
        expect(await told(await post(gateway, route, body))).toEqual(one);
      }
      expect(runs(first, second)).toBe(1);
    },
  );
}

redisTest(
  "a double tap for an upload at two gateways at once is one image, until it is deleted",
  async () => {
    const [first, second] = await startTwo();
    const png = await drawPng(70);
    const upload = async (gateway: Gateway): Promise<{ readonly id: string }> => {
      const response = await post(gateway, "/v1/images", png);
      expect(response.status).toBe(201);
      return (await response.json()) as { id: string };
    };
    const [one, other] = await Promise.all([upload(first), upload(second)]);
    expect(other).toEqual(one);
    expect(await upload(second)).toEqual(one);
    for (const gateway of [first, second]) {
      const refused = await post(gateway, "/v1/images", await drawPng(71));
      expect(refused.status).toBe(422);
      expect(await refused.json()).toMatchObject({ code: "idempotency_key_reused" });
    }
    const path = `/v1/images/${one.id}`;
    await second.app.request(path, { method: "DELETE" });
    // The other hears of it within a second.
    while ((await first.app.request(path)).status !== 404) await sleep(50);
    const [again, same] = await Promise.all([upload(second), upload(first)]);
    expect(again.id).not.toBe(one.id);
    expect(same).toEqual(again);
  },
);

redisTest(
  "an image whose pixels are not shared any more is taken again at another gateway",
  async () => {
    const [first, second] = await startTwo();
    const png = await drawPng(72);
    const sent = (await (await post(first, "/v1/images", png)).json()) as { id: string };
    for (const [key, content] of await redis.server.entries()) {
      if (content.length > 28 * 28 * 3) await first.connection.ask((cache) => cache.del(key));
    }
    const again = await post(second, "/v1/images", png);
    expect(again.status).toBe(201);
    expect(((await again.json()) as { id: string }).id).not.toBe(sent.id);
  },
);

redisTest(
  "the work goes on for who waits at another gateway when the first goes away, and ends with both",
  async () => {
    const [first, second] = await startTwo();
    const { script, held, ended } = heldScript("textDelta");
    first.seen.script = script;
    const body = { ...ask, stream: true };
    const readers = [];
    for (const gateway of [first, second]) {
      const reader = (await post(gateway, CHAT, body)).body?.getReader();
      await reader?.read();
      readers.push(reader);
    }
    await held.promise;
    const end = { isThere: false };
    void ended.promise.then(() => (end.isThere = true));
    await readers[0]?.cancel();
    // Longer than the sign of a reader that left lasts.
    await sleep(12_000);
    expect(end.isThere).toBe(false);
    await readers[1]?.cancel();
    await ended.promise;
    second.seen.script = answerHello;
    // Until the first gateway has written that its answer ended, the other still gives that out.
    await until("the second question is answered anew", async () =>
      (await (await post(second, CHAT, body)).text()).includes(" there"),
    );
    expect(runs(first, second)).toBe(2);
  },
);

redisTest(
  "what failed at one gateway is done again at another, before its first text and after it",
  async () => {
    const [first, second] = await startTwo();
    for (const isLate of [false, true]) {
      first.seen.script = async function* (request, context) {
        if (isLate) yield* takeFirst(answerHello(request, context));
        throw new DomainError("overloaded", "Cannot answer as it is full");
      };
      const key = `late-${isLate}`;
      await (await post(first, ANSWERS, ask, key)).text();
      const again = await told(await post(second, ANSWERS, ask, key));
      expect(JSON.stringify(again)).toContain(" there");
    }
    expect(runs(first)).toBe(2);
    expect(runs(second)).toBe(2);
  },
);

async function* takeFirst<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const item of items) {
    yield item;
    return;
  }
}

redisTest("the work of a gateway that is gone is done by the one that waits for it", async () => {
  const [first, second] = await startTwo();
  const { script, go, held } = heldScript("answerStart");
  first.seen.script = script;
  const lost = post(first, CHAT, ask);
  await held.promise;
  const waiting = post(second, CHAT, ask);
  first.connection.close();
  expect(JSON.stringify(await told(await waiting))).toContain(" there");
  expect(runs(second)).toBe(1);
  go.resolve();
  await lost;
});

redisTest("without the cache a key holds at each gateway by itself", async () => {
  const [first, second] = await startTwo();
  await redis.server.kill();
  const answers = await Promise.all(
    [first, second, first, second].map(async (gateway) => told(await post(gateway, CHAT, ask))),
  );
  expect(answers[2]).toEqual(answers[0]);
  expect(answers[3]).toEqual(answers[1]);
  expect([runs(first), runs(second)]).toEqual([1, 1]);
});
