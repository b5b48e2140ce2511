import { DomainError } from "@medv/proto";
import { askAbout } from "@medv/gateway/testing/ask_about";
import {
  answerHello,
  type Script,
  startScriptedGateway,
} from "@medv/gateway/testing/scripted_gateway";
import { openTracing, type Tracing } from "@medv/runtime/tracing/open_tracing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Collector, startCollector, valueOf } from "./collector.ts";

let collector: Collector;
let tracing: Tracing;
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  collector = await startCollector();
  const logger = { warn() {} };
  tracing = await openTracing({ service: "gateway", endpoint: collector.url, logger });
  gateway = await startScriptedGateway();
});
afterAll(async () => {
  await gateway.stop();
  collector.stop();
});

/** Says its first text, then ends as a decoder that is gone. */
const breakOff: Script = async function* (request, context) {
  for await (const event of answerHello(request, context)) {
    yield event;
    if (event.event?.case === "textDelta") throw new DomainError("unavailable", "gone");
  }
};

/** Says its first text, then nothing. */
const stall: Script = async function* (request, context) {
  for await (const event of answerHello(request, context)) {
    yield event;
    if (event.event?.case !== "textDelta") continue;
    await new Promise((_, reject) => {
      context.signal.addEventListener("abort", () => reject(new Error("aborted")));
    });
  }
};

const ANSWERS = "/v1/answers";
const CHAT = "/v1/chat/completions";

async function ask(route: string): Promise<Response> {
  const body = JSON.stringify(askAbout([], route === CHAT ? { stream: true } : {}));
  const response = await gateway.app.request(route, { method: "POST", body });
  expect(response.status).toBe(200);
  return response;
}

async function countOf(route: string, status: number): Promise<number> {
  const metric = gateway.registry.getSingleMetric("medv_gateway_requests_total");
  const { values = [] } = (await metric?.get()) ?? {};
  return (
    values.find(({ labels }) => labels["route"] === route && labels["status"] === status)?.value ??
    0
  );
}

test("a stream that breaks off counts as failed, and one that its caller leaves as left: in metrics, log and trace", async () => {
  for (const route of [ANSWERS, CHAT]) {
    gateway.seen.script = answerHello;
    await (await ask(route)).text();
    gateway.seen.script = breakOff;
    expect(await (await ask(route)).text()).toContain('"code":"unavailable"');
    gateway.seen.script = stall;
    const reader = (await ask(route)).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    for (const status of [200, 503, 499]) expect(await countOf(route, status)).toBe(1);
  }
  const ends = gateway.seen.logs.filter(({ event }) => event === "request-end");
  const expected = [200, 503, 499, 200, 503, 499];
  expect(ends.map(({ fields }) => fields)).toMatchObject(expected.map((status) => ({ status })));
  await tracing.close();
  const spans = collector.spans.filter(({ name }) => name.startsWith("POST /v1/"));
  const seen = spans.map(({ status, attributes }) => ({
    status: valueOf(attributes, "http.response.status_code"),
    hasFailed: status.code === 2,
  }));
  expect(seen).toEqual(expected.map((status) => ({ status, hasFailed: status === 503 })));
});
