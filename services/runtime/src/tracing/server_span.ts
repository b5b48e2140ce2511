import {
  type Metadata,
  type ServerInterceptor,
  ServerInterceptingCall,
  status as Status,
} from "@grpc/grpc-js";
import { context, propagation, ROOT_CONTEXT, type Span, SpanKind, trace } from "@opentelemetry/api";
import { failed, onlyTraceparent, tracer } from "./span.ts";

const TRACEPARENT = onlyTraceparent<Metadata>((metadata, key) => metadata.get(key)[0]?.toString());

/** Goes on with the caller's trace while a call is handled; a call without one, such as a probe's, is left alone. */
export const traceHandler: ServerInterceptor = (method, call) => {
  let span: Span | undefined;
  let within = ROOT_CONTEXT;
  const end = (code: Status): void => {
    span?.setAttribute("rpc.grpc.status_code", code);
    if (span !== undefined && code !== Status.OK) failed(span);
    span?.end();
    span = undefined;
  };
  return new ServerInterceptingCall(call, {
    start(proceed) {
      proceed({
        onReceiveMetadata(metadata, received) {
          const parent = propagation.extract(ROOT_CONTEXT, metadata, TRACEPARENT);
          if (trace.getSpanContext(parent) !== undefined) {
            const attributes = { "rpc.system": "grpc" };
            const options = { kind: SpanKind.SERVER, attributes };
            span = tracer().startSpan(method.path.slice(1), options, parent);
            within = trace.setSpan(parent, span);
          }
          received(metadata);
        },
        onReceiveMessage: (message, received) => received(message),
        // The handler of a call with one request starts here.
        onReceiveHalfClose: (received) => context.with(within, received),
        onCancel: () => end(Status.CANCELLED),
      });
    },
    sendStatus(status, proceed) {
      end(status.code ?? Status.UNKNOWN);
      proceed(status);
    },
  });
};
