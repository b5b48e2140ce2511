import { InterceptingCall, type Interceptor, type Metadata, status as Status } from "@grpc/grpc-js";
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { failed, tracer } from "./span.ts";

/** A span for each call of a client that is made within a span; the call carries it in its metadata. */
export const traceCall: Interceptor = (options, next) => {
  if (trace.getActiveSpan() === undefined) return new InterceptingCall(next(options));
  const { path } = options.method_definition;
  const span = tracer().startSpan(path.slice(1), {
    kind: SpanKind.CLIENT,
    attributes: { "rpc.system": "grpc" },
  });
  const within = trace.setSpan(context.active(), span);
  return new InterceptingCall(next(options), {
    start(metadata, _listener, proceed) {
      propagation.inject(within, metadata, {
        set: (carrier: Metadata, key, value) => carrier.set(key, value),
      });
      proceed(metadata, {
        onReceiveStatus(status, received) {
          span.setAttribute("rpc.grpc.status_code", status.code);
          if (status.code !== Status.OK) failed(span);
          span.end();
          received(status);
        },
      });
    },
  });
};
