/**
 * What every process of the service needs.
 *
 * @module
 */
export { breaker } from "./breaker.ts";
export { type ByteCache, byteCache, type ByteCacheOptions } from "./byte_cache.ts";
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
export {
  addressSetting,
  choiceSetting,
  integerSetting,
  optionalAddressSetting,
  optionalIntegerSetting,
  optionalSetting,
  readSettings,
  replicasSetting,
  type Setting,
  type Settings,
  type SettingValues,
  textSetting,
} from "./setting.ts";
export {
  CACHE_SETTINGS,
  remoteCacheOf,
  type RemoteCacheOptions,
} from "./remote_cache/cache_settings.ts";
export {
  embeddingKey,
  type EmbeddingValue,
  packEmbedding,
  unpackEmbedding,
} from "./remote_cache/embedding_value.ts";
export { NO_REMOTE_CACHE, openRemoteCache, type RemoteCache } from "./remote_cache/remote_cache.ts";
export { precisionSetting } from "./precision_setting.ts";
export { openTracing, type Tracing } from "./tracing/open_tracing.ts";
export { inSpan, openSpan, type OpenSpan, type SpanFacts } from "./tracing/span.ts";
export { SERVICE_SETTINGS } from "./service_settings.ts";
export { TLS_SETTINGS, tlsFiles } from "./tls_setting.ts";
export { type RunningService, type ServiceOptions, startService } from "./service.ts";
export { type Device, DEVICES, type SessionOptions } from "./session_message.ts";
export { SessionWorker, type SessionWorkerOptions } from "./session_worker.ts";
export type { NamedTensors, TensorArray, TensorData, TensorDtype } from "./tensor_data.ts";
