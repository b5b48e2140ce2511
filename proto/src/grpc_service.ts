import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";

/** Metadata key under which a request's id travels through all processes. */
export const REQUEST_ID_KEY = "x-request-id";

/** Largest message in bytes, both ways: 37 tiles of 384 × 384 pixels (16.4 MB) with room to spare. */
export const MAX_MESSAGE_BYTES = 64 << 20;

/** One method as grpc-js knows it. */
export type GrpcMethod = MethodDefinition<Message, Message>;

/** A protobuf-es service as grpc-js knows it, methods under their camelCase names. */
export function serviceDefinition(service: DescService): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map((method) => [method.localName, methodDefinition(method)]),
  );
}

/**
 * One protobuf-es method as grpc-js knows it.
 *
 * @throws {TypeError} If the client streams, which no contract of ours needs.
 */
export function methodDefinition(method: DescMethod): GrpcMethod {
  if (method.methodKind !== "unary" && method.methodKind !== "server_streaming") {
    throw new TypeError(
      `Cannot bind ${method.parent.typeName}.${method.name} as only unary and server-streaming methods are supported: its kind is "${method.methodKind}"`,
    );
  }
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    originalName: method.localName,
    requestStream: false,
    responseStream: method.methodKind === "server_streaming",
    requestSerialize: serializer(method.input),
    requestDeserialize: deserializer(method.input),
    responseSerialize: serializer(method.output),
    responseDeserialize: deserializer(method.output),
  };
}

/** Takes whole messages and plain initialisers alike. */
function serializer(schema: DescMessage): (message: Message) => Buffer {
  return (message) => {
    const bytes = toBinary(schema, create(schema, message));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

/** `bytes` fields of the result are views of gRPC's buffer: copy what is kept. */
function deserializer(schema: DescMessage): (bytes: Buffer) => Message {
  return (bytes) => fromBinary(schema, bytes);
}
