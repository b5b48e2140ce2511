import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createLogger } from "../logger.ts";
import { openTracing } from "./open_tracing.ts";
import { inSpan, traceFields } from "./span.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A collector that takes everything and never answers. */
async function silentCollector(): Promise<{ readonly url: string; readonly asked: Promise<void> }> {
  const asked = Promise.withResolvers<void>();
  const server = createServer(() => asked.resolve());
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, asked: asked.promise };
}

/** The fields of a line that is written within a span. */
async function lineWithin(): Promise<Record<string, unknown>> {
  const lines: string[] = [];
  const logger = createLogger(
    { service: "test", level: "info" },
    { write: (line: string) => void lines.push(line) },
  );
  await inSpan("work", { "medv.tiles": 1 }, async () => {
    await new Promise(setImmediate);
    logger.info({}, "within");
  });
  return JSON.parse(lines[0] ?? "{}") as Record<string, unknown>;
}

test("openTracing() does nothing without a collector: calls have no interceptor, log lines no trace", async () => {
  const tracing = await openTracing({
    service: "test",
    endpoint: undefined,
    logger: { warn() {} },
  });
  expect([tracing.clientInterceptors, tracing.serverInterceptors]).toEqual([[], []]);
  expect(await lineWithin()).not.toHaveProperty("traceId");
  await tracing.close();
});

test("openTracing() names the trace in log lines, and a collector that hangs does not hold up its end", async () => {
  const collector = await silentCollector();
  const tracing = await openTracing({
    service: "test",
    endpoint: collector.url,
    logger: { warn() {} },
  });
  expect(await lineWithin()).toMatchObject({
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  expect(traceFields()).toEqual({});
  await tracing.close();
  await collector.asked;
});

test("inSpan() gives what the work gives, and fails as it fails", async () => {
  expect(await inSpan("work", {}, () => Promise.resolve(7))).toBe(7);
  const broken = new RangeError("broken");
  await expect(inSpan("work", {}, () => Promise.reject(broken))).rejects.toBe(broken);
});
