import type { Interceptor, ServerInterceptor } from "@grpc/grpc-js";
import type { Logger } from "../logger.ts";

/** What a process needs for its part of a trace. */
export type Tracing = {
  /** For clients: a span for each call, and the trace goes along. */
  readonly clientInterceptors: readonly Interceptor[];
  /** For servers: the caller's trace goes on in the handler. */
  readonly serverInterceptors: readonly ServerInterceptor[];
  /** Sends what is left, for a short time: a collector that is gone holds nobody up. */
  close(): Promise<void>;
};

/** Whose spans, and where they go. */
export type TracingOptions = {
  /** Which process, such as `vision`. */
  readonly service: string;
  /** Base URL of the collector; undefined: nothing is traced. */
  readonly endpoint: string | undefined;
  /** Share of the traces that begin here. */
  readonly ratio?: number;
  readonly logger: Pick<Logger, "warn">;
};

const NO_TRACING: Tracing = {
  clientInterceptors: [],
  serverInterceptors: [],
  close: () => Promise.resolve(),
};

/**
 * Starts to trace where there is a collector. Without one no part of the SDK is loaded, calls have no interceptor, and a
 * span costs a function call.
 */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { endpoint } = options;
  if (endpoint === undefined) return NO_TRACING;
  const { exportSpans } = await import("./export_spans.ts");
  return exportSpans({ ...options, endpoint });
}
