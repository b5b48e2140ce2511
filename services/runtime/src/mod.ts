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
export {
  addressSetting,
  choiceSetting,
  integerSetting,
  optionalAddressSetting,
  optionalSetting,
  readSettings,
  type Setting,
  type Settings,
  type SettingValues,
  textSetting,
} from "./setting.ts";
export { SERVICE_SETTINGS } from "./service_settings.ts";
export { TLS_SETTINGS, tlsFiles } from "./tls_setting.ts";
export { type RunningService, type ServiceOptions, startService } from "./service.ts";
export { type Device, DEVICES, type SessionOptions } from "./session_message.ts";
export { SessionWorker, type SessionWorkerOptions } from "./session_worker.ts";
export type { NamedTensors, TensorArray, TensorData, TensorDtype } from "./tensor_data.ts";
