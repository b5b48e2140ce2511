import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { setGlobalErrorHandler, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { traceCall } from "./client_span.ts";
import type { Tracing, TracingOptions } from "./open_tracing.ts";
import { traceHandler } from "./server_span.ts";

/** How long a process that stops waits for its last spans to leave. */
const CLOSE_MS = 2_000;
/** A collector that is gone is told of this often. */
const WARN_EVERY_MS = 60_000;

/** Sends spans to a collector, in batches and behind the back of the work; what it does not take is dropped. */
export function exportSpans({
  service,
  endpoint,
  ratio = 1,
  logger,
}: TracingOptions & { readonly endpoint: string }): Tracing {
  const url = new URL("v1/traces", endpoint.endsWith("/") ? endpoint : `${endpoint}/`);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.namespace": "medv",
      "service.name": service,
      "service.instance.id": randomUUID(),
    }),
    // Whoever began a trace decided whether it is kept.
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: url.href }) }),
    ],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  let warnedAt = -Infinity;
  setGlobalErrorHandler((error) => {
    if (performance.now() - warnedAt < WARN_EVERY_MS) return;
    warnedAt = performance.now();
    // Not its message: a collector's answer may quote what was sent.
    const kind = error instanceof Error ? error.name : "Error";
    logger.warn({ kind, hint: "is OTEL_EXPORTER_OTLP_ENDPOINT a collector?" }, "trace-error");
  });
  return {
    clientInterceptors: [traceCall],
    serverInterceptors: [traceHandler],
    close: async () => {
      await Promise.race([
        provider.shutdown().catch(() => {}), // What did not leave was told to the handler above.
        sleep(CLOSE_MS, undefined, { ref: false }),
      ]);
    },
  };
}
