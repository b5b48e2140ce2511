import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { DescMessage, Message, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type sendUnaryData,
  Server,
  type ServerOptions,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { DomainError } from "./domain_error.ts";
import { MAX_MESSAGE_BYTES, REQUEST_ID_KEY, serviceDefinition } from "./grpc_service.ts";
import { statusOf } from "./status.ts";

/** What a handler knows of its call besides the request. */
export type CallContext = {
  /** Aborted when the caller cancels, goes away, or its deadline passes. */
  readonly signal: AbortSignal;
  /** The caller's `x-request-id`, or a fresh one. */
  readonly requestId: string;
  readonly deadline: Date | undefined;
};

/** The handlers of a service: a promise for a unary method, an async iterable for a streamed one. */
export type Implementation<T extends GenServiceMethods> = {
  readonly [K in keyof T]: T[K] extends {
    methodKind: infer Kind;
    input: infer Input extends DescMessage;
    output: infer Output extends DescMessage;
  }
    ? (
        request: MessageShape<Input>,
        context: CallContext,
      ) => Kind extends "unary"
        ? Promise<MessageInitShape<Output>>
        : Kind extends "server_streaming"
          ? AsyncIterable<MessageInitShape<Output>>
          : never
    : never;
};

/** Told of every error whose text the caller does not get to see, so that the process can log it. */
export type ErrorHook = (
  error: unknown,
  call: { readonly method: string; readonly requestId: string },
) => void;

type UnaryHandler = (request: Message, context: CallContext) => Promise<Message>;
type StreamHandler = (request: Message, context: CallContext) => AsyncIterable<Message>;
type ServerCall = ServerUnaryCall<Message, Message> | ServerWritableStream<Message, Message>;
type OpenCall = { readonly context: CallContext; end(): void };

/** A gRPC server that takes messages up to {@link MAX_MESSAGE_BYTES}. */
export function createServer(options: ServerOptions = {}): Server {
  return new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
    ...options,
  });
}

/** Lets `server` answer the calls of `service` by `implementation`. */
export function addService<T extends GenServiceMethods>(
  server: Server,
  service: GenService<T>,
  implementation: Implementation<T>,
  onError: ErrorHook,
): void {
  server.addService(serviceDefinition(service), serviceHandlers(service, implementation, onError));
}

/** The handlers in the shape that grpc-js calls. */
export function serviceHandlers<T extends GenServiceMethods>(
  service: GenService<T>,
  implementation: Implementation<T>,
  onError: ErrorHook,
): UntypedServiceImplementation {
  // The mapped type guarantees the handlers' shapes, but not under names that are known only at run time.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const handlers = implementation as unknown as Record<string, UnaryHandler & StreamHandler>;
  const entries = service.methods.map((method) => {
    const handler = handlers[method.localName];
    if (handler === undefined) {
      throw new TypeError(
        `Cannot serve ${service.typeName} as "${method.localName}" has no handler`,
      );
    }
    const bound: UnaryHandler & StreamHandler = handler.bind(implementation);
    return [
      method.localName,
      method.methodKind === "unary" ? unary(bound, onError) : serverStream(bound, onError),
    ] as const;
  });
  return Object.fromEntries(entries);
}

function unary(handler: UnaryHandler, onError: ErrorHook): handleUnaryCall<Message, Message> {
  const answer = async (
    call: ServerUnaryCall<Message, Message>,
    callback: sendUnaryData<Message>,
  ): Promise<void> => {
    const open = openCall(call);
    try {
      const response = await handler(call.request, open.context);
      open.end();
      callback(null, response);
    } catch (error) {
      open.end();
      report(error, call, open.context, onError);
      callback(statusOf(error));
    }
  };
  return (call, callback) => void answer(call, callback);
}

function serverStream(
  handler: StreamHandler,
  onError: ErrorHook,
): handleServerStreamingCall<Message, Message> {
  const answer = async (call: ServerWritableStream<Message, Message>): Promise<void> => {
    const open = openCall(call);
    const { signal } = open.context;
    try {
      for await (const message of handler(call.request, open.context)) {
        signal.throwIfAborted();
        // The stream's queue is 16 messages long: wait when it is full.
        if (!call.write(message)) await once(call, "drain", { signal });
      }
      signal.throwIfAborted();
      open.end();
      call.end();
    } catch (error) {
      open.end();
      report(error, call, open.context, onError);
      call.emit("error", statusOf(error));
    }
  };
  return (call) => void answer(call);
}

function openCall(call: ServerCall): OpenCall {
  const controller = new AbortController();
  const until = call.getDeadline();
  const deadline = until === Infinity ? undefined : new Date(until);
  const requestId = call.metadata.get(REQUEST_ID_KEY)[0]?.toString() ?? randomUUID();
  let ended = false;
  call.on("cancelled", () => {
    // grpc-js says "cancelled" whenever a stream closes, also after success.
    if (ended) return;
    controller.abort(
      deadline !== undefined && deadline.getTime() <= Date.now()
        ? new DomainError("deadline_exceeded", "Cannot finish the call as its deadline passed")
        : new DomainError("cancelled", "Cannot finish the call as the caller cancelled it"),
    );
  });
  return {
    context: { signal: controller.signal, requestId, deadline },
    end: () => {
      ended = true;
    },
  };
}

function report(error: unknown, call: ServerCall, context: CallContext, onError: ErrorHook): void {
  // What a cancelled call ends with is its cancellation, however the handler words it.
  if (context.signal.aborted) return;
  if (error instanceof DomainError && error.code !== "internal") return;
  onError(error, { method: call.getPath(), requestId: context.requestId });
}
