/**
 * The contracts between the processes: what a caller can be told. Messages and services stand in the sub-paths
 * `vision`, `diffusion`, `embedding` and `onnx`, the wire in `grpc` and `status`.
 *
 * @module
 */
export {
  DOMAIN_CODES,
  type DomainCode,
  DomainError,
  type DomainErrorOptions,
} from "./domain_error.ts";
