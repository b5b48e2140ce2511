import {
  isSpanContextValid,
  type Span,
  SpanStatusCode,
  type TextMapGetter,
  type Tracer,
  trace,
} from "@opentelemetry/api";

/** What a span says of its work: numbers and switches, so that nothing that somebody wrote can get there. */
export type SpanFacts = Readonly<Record<`medv.${string}`, number | boolean>>;

/** A piece of work whose time is known from outside. */
export type OpenSpan = {
  /** @param endedAt Milliseconds since 1970; now where it is missing. */
  end(facts: SpanFacts, endedAt?: number): void;
};

/** The tracer of this project; makes nothing where no tracing was opened. */
export function tracer(): Tracer {
  return trace.getTracer("medv");
}

/** Does work within a span of its own. */
export async function inSpan<T>(
  name: string,
  facts: SpanFacts,
  work: () => Promise<T>,
): Promise<T> {
  return await tracer().startActiveSpan(name, { attributes: facts }, async (span) => {
    try {
      return await work();
    } catch (error) {
      failed(span);
      throw error;
    } finally {
      span.end();
    }
  });
}

/**
 * A span for work that began earlier, below the span that is active.
 *
 * @param startedAt Milliseconds since 1970.
 */
export function openSpan(name: string, startedAt: number): OpenSpan {
  const span = tracer().startSpan(name, { startTime: startedAt });
  return {
    end(facts, endedAt) {
      span.setAttributes(facts);
      span.end(endedAt);
    },
  };
}

/** Marks a span as failed; without the error's text, which may quote what was sent. */
export function failed(span: Span): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** What a log line needs to be found beside its trace. */
export function traceFields(): { readonly traceId?: string; readonly spanId?: string } {
  const context = trace.getActiveSpan()?.spanContext();
  if (context === undefined || !isSpanContextValid(context)) return {};
  return { traceId: context.traceId, spanId: context.spanId };
}

/**
 * Reads `traceparent` and nothing else: `tracestate` and `baggage` are free text, which would travel to every process and
 * into the collector.
 */
export function onlyTraceparent<C>(
  read: (carrier: C, key: string) => string | undefined,
): TextMapGetter<C> {
  return {
    keys: () => ["traceparent"],
    get: (carrier, key) => (key === "traceparent" ? read(carrier, key) : undefined),
  };
}
