import type { DescMessage, Message, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import {
  type CallOptions as GrpcCallOptions,
  type ChannelCredentials,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { Channel, type ChannelSettings } from "./grpc_channel.ts";
import { type GrpcMethod, methodDefinition, REQUEST_ID_KEY } from "./grpc_service.ts";
import { errorOf, isUnheard } from "./status.ts";

/** How a call is made. */
export type CallOptions = {
  /** Cancels the call, on the server too; the call then fails with the signal's reason. */
  readonly signal: AbortSignal;
  readonly requestId?: string | undefined;
  readonly deadline?: Date | undefined;
};

/** The calls of a service: a promise for a unary method, an async iterable for a streamed one. */
export type Client<T extends GenServiceMethods> = {
  readonly [K in keyof T]: T[K] extends {
    methodKind: infer Kind;
    input: infer Input extends DescMessage;
    output: infer Output extends DescMessage;
  }
    ? (
        request: MessageInitShape<Input>,
        options: CallOptions,
      ) => Kind extends "unary"
        ? Promise<MessageShape<Output>>
        : Kind extends "server_streaming"
          ? AsyncIterable<MessageShape<Output>>
          : never
    : never;
} & {
  /** Closes the connection; calls under way still finish. */
  readonly close: () => void;
};

/**
 * Goes around every call, and may refuse to make it; a streamed call counts until its first message.
 *
 * @param signal Of the caller: with its reason a call fails that is aborted.
 */
export type Guard = <T>(call: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** How a client connects. */
export type ClientSettings = ChannelSettings & {
  /** Without TLS where there are none. */
  readonly credentials?: ChannelCredentials;
  readonly guard?: Guard;
};

/**
 * A typed client of `service`.
 *
 * A streamed call starts when its iteration starts; leaving the loop early cancels it on the server.
 * Calls fail with a {@link DomainError}, or with the reason of their aborted signal. A call that nothing was heard of is
 * made again elsewhere before it fails.
 *
 * @param address `host:port`, where the name may stand for several replicas; or several `ip:port` between commas.
 */
export function createClient<T extends GenServiceMethods>(
  service: GenService<T>,
  address: string,
  settings: ClientSettings = {},
): Client<T> {
  const channel = new Channel(
    address,
    settings.credentials ?? credentials.createInsecure(),
    settings,
  );
  const { guard = unguarded } = settings;
  const calls = service.methods.map((descriptor) => {
    const method = methodDefinition(descriptor);
    return [
      descriptor.localName,
      (request: Message, call: CallOptions) =>
        method.responseStream
          ? guardStream(guard, callStream(channel, method, request, call), call.signal)
          : guard(() => callUnary(channel, method, request, call), call.signal),
    ] as const;
  });
  // Built method by method from the same descriptors that the mapped type is made of.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ...Object.fromEntries(calls), close: () => channel.close() } as unknown as Client<T>;
}

function unguarded<T>(call: () => Promise<T>): Promise<T> {
  return call();
}

async function* guardStream(
  guard: Guard,
  messages: AsyncGenerator<Message>,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  const first = await guard(() => messages.next(), signal);
  if (first.done === true) return;
  try {
    yield first.value;
    yield* messages;
  } finally {
    await messages.return(undefined);
  }
}

function callUnary(
  channel: Channel,
  method: GrpcMethod,
  request: Message,
  options: CallOptions,
): Promise<Message> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const client = channel.current;
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadataOf(options),
      callOptionsOf(options),
      (error, response) => {
        signal.removeEventListener("abort", cancel);
        if (response !== undefined) resolve(response);
        else if (signal.aborted) reject(signal.reason);
        else if (error !== null) reject(unansweredBy(client, channel, error));
      },
    );
    const cancel = (): void => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
  });
}

async function* callStream(
  channel: Channel,
  method: GrpcMethod,
  request: Message,
  options: CallOptions,
): AsyncGenerator<Message> {
  const { signal } = options;
  signal.throwIfAborted();
  const client = channel.current;
  const call = client.makeServerStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    request,
    metadataOf(options),
    callOptionsOf(options),
  );
  // The loop below sees the error too; this keeps the one that follows a cancelled loop from ending the process.
  call.on("error", () => {});
  const cancel = (): void => call.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  let isHeard = false;
  try {
    for await (const message of call) {
      signal.throwIfAborted();
      isHeard = true;
      yield message;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!isServiceError(error)) throw error;
    throw isHeard ? errorOf(error) : unansweredBy(client, channel, error);
  } finally {
    signal.removeEventListener("abort", cancel);
    call.cancel();
  }
}

/** The error of a call of which nothing was heard; the connections that it was made on are given up at its deadline. */
function unansweredBy(client: Channel["current"], channel: Channel, failure: ServiceError): Error {
  const error = errorOf(failure);
  if (isUnheard(error) && error.code === "deadline_exceeded") channel.giveUp(client);
  return error;
}

function metadataOf(options: CallOptions): Metadata {
  const metadata = new Metadata();
  if (options.requestId !== undefined) metadata.set(REQUEST_ID_KEY, options.requestId);
  return metadata;
}

function callOptionsOf(options: CallOptions): GrpcCallOptions {
  return options.deadline === undefined ? {} : { deadline: options.deadline };
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error && "metadata" in error;
}
