import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { failed, onlyTraceparent, tracer } from "./span.ts";

/** What a span says of a request at its end; names that the code knows. */
export type RequestFacts = {
  readonly method: string;
  /** The pattern, never the path. */
  readonly route: string;
  /** Of the problem that it ended with, also where its response had begun. */
  readonly status: number;
  /** Of the problem that it ended with. */
  readonly code: string | undefined;
};

/** Ends the span of a request. */
export type EndRequestSpan = (request: RequestFacts) => void;

const TRACEPARENT = onlyTraceparent<Headers>((headers, key) => headers.get(key) ?? undefined);

/** Handles an HTTP request within a span, which goes on with the caller's trace. The handler ends it. */
export function inRequestSpan<T>(headers: Headers, handle: (end: EndRequestSpan) => T): T {
  const parent = propagation.extract(ROOT_CONTEXT, headers, TRACEPARENT);
  const span = tracer().startSpan("request", { kind: SpanKind.SERVER }, parent);
  return context.with(trace.setSpan(parent, span), () =>
    handle(({ method, route, status, code }) => {
      span.updateName(`${method} ${route}`);
      span.setAttributes({
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
        ...(code !== undefined && { "error.type": code }),
      });
      if (status >= 500) failed(span);
      span.end();
    }),
  );
}
