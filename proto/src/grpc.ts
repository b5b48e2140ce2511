/**
 * The adapter between protobuf-es services and grpc-js.
 *
 * @module
 */
export {
  type CallOptions,
  type Client,
  type ClientSettings,
  createClient,
  type Guard,
} from "./grpc_client.ts";
export {
  addService,
  type CallContext,
  createServer,
  type ErrorHook,
  type Implementation,
  serviceHandlers,
} from "./grpc_server.ts";
export { type Replica, replicasOf } from "./grpc_replicas.ts";
export { type Credentials, credentialsOf, type TlsFiles } from "./grpc_tls.ts";
export { MAX_MESSAGE_BYTES, REQUEST_ID_KEY, serviceDefinition } from "./grpc_service.ts";
