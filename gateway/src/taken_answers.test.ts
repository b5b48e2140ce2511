import { setTimeout as sleep } from "node:timers/promises";
import type { CacheConnection } from "@medv/runtime/remote_cache/cache_connection";
import { prepareRedis, redisTest } from "@medv/runtime/testing/redis_tests";
import { until } from "@medv/runtime/testing/until";
import { expect } from "vitest";
import { ask, read, say, type Sent, takeUp, textOf } from "./testing/cut_answers.ts";
import { dataUrl, drawPng, type Script, startScriptedGateway } from "./testing/scripted_gateway.ts";

type Gateway = Awaited<ReturnType<typeof start>>;

const redis = prepareRedis();

async function start() {
  const connection: CacheConnection = await redis.connect(new Uint8Array(32));
  const gateway = await startScriptedGateway({ connection, holdMs: 1500 });
  redis.cleanUp(gateway.stop);
  return { ...gateway, connection };
}

/** Says the pieces and goes on for ever. */
function begin(pieces: readonly string[], pauseMs = 1): Script {
  const whole = say(pieces, { pauseMs });
  return async function* begun(request, context) {
    for await (const response of whole(request, context)) {
      if (response.event?.case === "answerEnd") await sleep(600_000, undefined, context);
      yield response;
    }
  };
}

/** Asks the first gateway and reads so many events; after that it is as one that is gone, for all others. */
async function lose(
  first: Gateway,
  pieces: readonly string[],
  { count, ...changes }: { readonly count: number; readonly [field: string]: unknown },
): Promise<Sent[]> {
  first.seen.script = begin(pieces);
  const seen = await read(await ask(first, changes), count);
  first.connection.close();
  return seen;
}

const image = async (): Promise<object> => {
  const url = dataUrl(await drawPng(200));
  const content = [
    { type: "image_url", image_url: { url } },
    { type: "text", text: "CANARY" },
  ];
  return { messages: [{ role: "user", content }] };
};

redisTest(
  "an answer whose gateway is gone goes on at another: no event is lost or doubled, for all who follow",
  async () => {
    const [first, second, third] = [await start(), await start(), await start()];
    // The second run commits in other pieces.
    second.seen.script = third.seen.script = say(["on", "e two thr", "ee four", " five"]);
    const changes = { diffusion: { gen_length: 8 }, ...(await image()) };
    const seen = await lose(first, ["one ", "two ", "three "], { count: 7, ...changes });
    const all = await Promise.all(
      [second, third, second].map(async (gateway) => [...seen, ...(await takeUp(gateway, seen))]),
    );
    for (const each of all) {
      expect(textOf(each)).toBe("one two three four five");
      expect(each.at(-1)?.type).toBe("answer-end");
      const numbers = each.map(({ id }) => Number(id.split(".")[1]));
      expect(numbers).toEqual(numbers.map((_, index) => index));
      expect(each.map(({ data }) => JSON.parse(data))).toEqual(
        all[0]?.map(({ data }) => JSON.parse(data)),
      );
    }
    // One of them asked the same; the decoder had chosen the seed.
    const asked = [...second.seen.requests, ...third.seen.requests];
    expect(asked).toHaveLength(1);
    const [again] = asked;
    const [before] = first.seen.requests;
    expect(again?.settings).toEqual({ ...before?.settings, seed: 1n });
    expect(again?.messages).toEqual(before?.messages);
    expect(again?.images).toEqual(before?.images);
    expect(second.seen.encodes + third.seen.encodes).toBe(0);
  },
);

redisTest("a reader of whom nothing was heard before has it all", async () => {
  const [first, second] = [await start(), await start()];
  second.seen.script = say(["one two"]);
  const [begun] = await lose(first, ["one "], { count: 3 });
  const path = `/v1/answers/${begun?.id.split(".")[0]}`;
  expect(textOf(await read(await second.app.request(path)))).toBe("one two");
});

redisTest(
  "who was told what the cache could not be goes on where that was, and nowhere else",
  async () => {
    const [first, second] = [await start(), await start()];
    second.seen.script = say(["one two three four"]);
    first.seen.script = begin(["one ", "two "], 1500);
    const begun = await read(await ask(first), 1);
    first.connection.close();
    const seen = [...begun, ...(await takeUp(first, begun, 4))];
    const last = seen.at(-1)?.id ?? "";
    expect(textOf(await takeUp(second, begun))).toBe("one two three four");
    const path = `/v1/answers/${last.split(".")[0]}`;
    const from = { headers: { "last-event-id": last } };
    const refused = await second.app.request(path, from);
    expect(await refused.json()).toMatchObject({ status: 503, code: "unavailable" });
    expect((await first.app.request(path, { ...from, method: "HEAD" })).status).toBe(200);
  },
);

redisTest("who asks for what comes behind the end of a gateway's answer is told so", async () => {
  const [first, second] = [await start(), await start()];
  first.seen.script = say(["one"]);
  const seen = await read(await ask(first));
  const id = `${seen[0]?.id.split(".")[0]}.99`;
  first.connection.close();
  const [error] = await takeUp(second, [{ id, type: "", data: "" }]);
  expect(JSON.parse(error?.data ?? "")).toMatchObject({ code: "unavailable" });
  expect(second.seen.requests).toEqual([]);
});

redisTest("an answer that would go on otherwise ends with a clear error", async () => {
  const [first, second] = [await start(), await start()];
  second.seen.script = say(["one ", "too", " three"]);
  const seen = await lose(first, ["one ", "two "], { count: 5 });
  const [error, ...more] = await takeUp(second, seen);
  expect(more).toEqual([]);
  expect(JSON.parse(error?.data ?? "")).toMatchObject({ code: "unavailable", hint: "ask again" });
  // The same for who comes then, and the same key would be asked anew.
  expect((await takeUp(second, seen)).map(({ data }) => JSON.parse(data).code)).toEqual([
    "unavailable",
  ]);
});

redisTest("an answer that was stopped is not gone on with", async () => {
  const [first, second] = [await start(), await start()];
  first.seen.script = begin(["one "]);
  const seen = await read(await ask(first), 3);
  const path = `/v1/answers/${seen[0]?.id.split(".")[0]}`;
  first.connection.close();
  expect((await second.app.request(path, { method: "DELETE" })).status).toBe(204);
  const [error] = await takeUp(second, seen);
  expect(JSON.parse(error?.data ?? "")).toMatchObject({ code: "cancelled" });
  expect(second.seen.requests).toEqual([]);
});

redisTest("an answer that was taken over can be stopped at any gateway", async () => {
  const [first, second, third] = [await start(), await start(), await start()];
  const seen = await lose(first, ["one "], { count: 3 });
  const path = `/v1/answers/${seen[0]?.id.split(".")[0]}`;
  second.seen.script = say(["one ", ...Array.from({ length: 100_000 }, () => "word ")]);
  const followed = takeUp(second, seen);
  await until("the answer goes on", () => second.seen.requests.length === 1);
  expect((await third.app.request(path, { method: "DELETE" })).status).toBe(204);
  const last = (await followed).at(-1);
  expect(JSON.parse(last?.data ?? "")).toMatchObject({ code: "cancelled" });
});

redisTest("an answer about an image that was deleted is not gone on with", async () => {
  const [first, second] = [await start(), await start()];
  const body = await drawPng(90);
  const upload = await first.app.request("/v1/images", { method: "POST", body });
  const { id } = (await upload.json()) as { id: string };
  const content = [
    { type: "image_url", image_url: { url: `medv-image:${id}` } },
    { type: "text", text: "What is it?" },
  ];
  const messages = [{ role: "user", content }];
  const seen = await lose(first, ["one "], { count: 4, messages });
  expect((await second.app.request(`/v1/images/${id}`, { method: "DELETE" })).status).toBe(200);
  const [error] = await takeUp(second, seen);
  expect(JSON.parse(error?.data ?? "")).toMatchObject({ code: "unavailable", hint: "ask again" });
  expect(second.seen.requests).toEqual([]);
});

redisTest(
  "what was asked lies in the cache until the answer ends, and nobody can read it there",
  async () => {
    const gateway = await start();
    const changes = await image();
    await read(await ask(gateway, { ...changes, on_disconnect: "cancel" }));
    const before = (await redis.server.entries()).size;
    const ends = Promise.withResolvers<void>();
    gateway.seen.script = async function* waiting(request, context) {
      const whole = say(["one"]);
      for await (const response of whole(request, context)) {
        if (response.event?.case === "answerEnd") await ends.promise;
        yield response;
      }
    };
    const response = await ask(gateway, changes);
    const during = await redis.server.entries();
    for (const [name, content] of during) {
      expect(`${name} ${content.toString("latin1")}`).not.toContain("CANARY");
    }
    // Its events and a sign of life; the question and the pixels, each in one piece with a head.
    expect(during.size).toBe(before + 6);
    ends.resolve();
    await read(response);
    await until(
      "the question is forgotten",
      async () => (await redis.server.entries()).size === before + 2,
    );
  },
);
