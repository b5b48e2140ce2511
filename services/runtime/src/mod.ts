/**
 * What every process of the service needs.
 *
 * @module
 */
export { byteCache, type ByteCacheOptions } from "./byte_cache.ts";
export { drainOnSignal } from "./drain_on_signal.ts";
export {
  address,
  choice,
  type Environment,
  optionalText,
  positiveInteger,
  text,
} from "./environment.ts";
export { createLogger, LOG_LEVELS, type Logger, type LogLevel } from "./logger.ts";
export { type RunningService, type ServiceOptions, startService } from "./service.ts";
export { type Device, DEVICES, type SessionOptions } from "./session_message.ts";
export { SessionWorker, type SessionWorkerOptions } from "./session_worker.ts";
export type { NamedTensors, TensorArray, TensorData, TensorDtype } from "./tensor_data.ts";
