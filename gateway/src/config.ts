import type { TlsFiles } from "@medv/proto/grpc";
import type { Environment } from "@medv/runtime/environment";
import { METRICS_ADDRESS } from "@medv/runtime/metrics_setting";
import { LOG_LEVELS } from "@medv/runtime/logger";
import {
  choiceSetting,
  integerSetting,
  optionalIntegerSetting,
  readSettings,
  replicasSetting,
  type SettingValues,
  textSetting,
} from "@medv/runtime/setting";
import {
  CACHE_SETTINGS,
  remoteCacheOf,
  type RemoteCacheOptions,
} from "@medv/runtime/remote_cache/cache_settings";
import { TRACE_RATIO, TRACE_SETTINGS } from "@medv/runtime/tracing/trace_settings";
import { TLS_SETTINGS, tlsFiles } from "@medv/runtime/tls_setting";
import { type Access, ACCESS_SETTINGS, accessOf } from "./auth/access_settings.ts";
import { CORS_ORIGINS } from "./cors_origins.ts";
import { isLoopback } from "./auth/loopback.ts";
import { IMAGE_URL_HOSTS } from "./image_fetch/image_url_hosts.ts";

/** Everything that can be set of the gateway. */
export const SETTINGS = {
  host: textSetting(
    "MEDV_HOST",
    { fallback: "127.0.0.1" },
    "host name or address to listen on, for HTTP; without API keys or MEDV_JWKS_URL it must be loopback",
  ),
  port: integerSetting("MEDV_PORT", 8080, { unit: "port", meaning: "port to listen on" }),
  metricsAddress: METRICS_ADDRESS,
  corsOrigins: CORS_ORIGINS,
  requestTimeoutSeconds: integerSetting("MEDV_REQUEST_TIMEOUT_SECONDS", 120, {
    unit: "seconds",
    meaning: "how long a caller may take to send a request; large images over slow links need it",
  }),
  visionAddress: replicasSetting(
    "MEDV_VISION_ADDRESS",
    "127.0.0.1:50051",
    "where the vision service is: a name that may stand for several replicas, or several IP addresses between commas",
  ),
  diffusionAddress: replicasSetting(
    "MEDV_DIFFUSION_ADDRESS",
    "127.0.0.1:50052",
    "where the diffusion service is, in the same way",
  ),
  maxImageBytes: integerSetting("MEDV_MAX_IMAGE_BYTES", 20 << 20, {
    unit: "bytes",
    meaning: "largest image file",
  }),
  imageUrlHosts: IMAGE_URL_HOSTS,
  maxImagePixels: integerSetting("MEDV_MAX_IMAGE_PIXELS", 100_000_000, {
    unit: "pixels",
    meaning: "largest image, width × height",
  }),
  decoderMemoryBytes: integerSetting("MEDV_DECODER_MEMORY_BYTES", 2 ** 31, {
    unit: "bytes",
    meaning: "what each process that decodes images may reserve; at least 1 GiB",
  }),
  decoderTimeoutSeconds: integerSetting("MEDV_DECODER_TIMEOUT_SECONDS", 10, {
    unit: "seconds",
    meaning: "longest time for decoding one image",
  }),
  decoderQueueBytes: integerSetting("MEDV_DECODER_QUEUE_BYTES", 128 << 20, {
    unit: "bytes",
    meaning:
      "image files that may wait to be decoded, 256 at most; what comes then is refused with 429",
  }),
  answerTimeoutSeconds: integerSetting("MEDV_ANSWER_TIMEOUT_SECONDS", 300, {
    unit: "seconds",
    meaning:
      "longest time for an answer, from its request to its end; what cannot be done in it is not begun",
  }),
  encodeTimeoutSeconds: integerSetting("MEDV_ENCODE_TIMEOUT_SECONDS", 120, {
    unit: "seconds",
    meaning: "longest time for encoding one image",
  }),
  imageTtlSeconds: integerSetting("MEDV_IMAGE_TTL_SECONDS", 3600, {
    unit: "seconds",
    meaning: "how long an uploaded image is kept",
  }),
  imageCacheBytes: integerSetting("MEDV_IMAGE_CACHE_BYTES", 512 << 20, {
    unit: "bytes",
    meaning: "memory for images; at least 4 × MEDV_MAX_IMAGE_BYTES",
  }),
  requestsPerMinute: optionalIntegerSetting("MEDV_REQUESTS_PER_MINUTE", {
    unit: "requests",
    meaning: "how many a tenant may send in a minute; no limit without",
  }),
  decoderMsPerMinute: optionalIntegerSetting("MEDV_DECODER_MS_PER_MINUTE", {
    unit: "ms",
    meaning: "predicted time of the decoder that a tenant may take in a minute; no limit without",
  }),
  logLevel: choiceSetting(
    "MEDV_LOG_LEVEL",
    { choices: LOG_LEVELS, fallback: "info" },
    "the least important events that are logged",
  ),
  ...TRACE_SETTINGS,
  traceRatio: TRACE_RATIO,
  ...ACCESS_SETTINGS,
  ...CACHE_SETTINGS,
  ...TLS_SETTINGS,
} as const;

export type GatewayConfig = SettingValues<typeof SETTINGS> & {
  readonly decoderTimeoutMs: number;
  readonly imageTtlMs: number;
  readonly answerTimeoutMs: number;
  readonly encodeTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly access: Access;
  readonly remoteCache: RemoteCacheOptions | undefined;
  readonly tls: TlsFiles | undefined;
};

/**
 * Reads the gateway's settings.
 *
 * @throws {RangeError} That names the variable, the rule and the value.
 */
export function readConfig(env: Environment): GatewayConfig {
  const values = readSettings(SETTINGS, env);
  const { port, maxImageBytes, imageCacheBytes, decoderMemoryBytes } = values;
  if (port > 65_535) {
    throw new RangeError(
      `Cannot read MEDV_PORT as it must be at most 65535: current value is "${port}"`,
    );
  }
  // Half of the cache is for images as sent: an upload that does not fit would be unknown at once.
  if (imageCacheBytes < 4 * maxImageBytes) {
    throw new RangeError(
      `Cannot read MEDV_IMAGE_CACHE_BYTES as it must be at least 4 × MEDV_MAX_IMAGE_BYTES (${4 * maxImageBytes}): current value is "${imageCacheBytes}"`,
    );
  }
  // The runtime reserves more than half of it for itself.
  if (decoderMemoryBytes < 2 ** 30) {
    throw new RangeError(
      `Cannot read MEDV_DECODER_MEMORY_BYTES as it must be at least ${2 ** 30}: current value is "${decoderMemoryBytes}"`,
    );
  }
  const access = accessOf(values);
  const isOpen = access.apiKeys === undefined && access.jsonWebTokens === undefined;
  if (isOpen && !isLoopback(values.host)) {
    throw new RangeError(
      `Cannot read MEDV_HOST as it must be a loopback address while anybody may ask: current value is "${values.host}" (set MEDV_API_KEYS, MEDV_API_KEYS_FILE or MEDV_JWKS_URL; \`npm run key -- TENANT\` makes a key)`,
    );
  }
  const decoderTimeoutMs = values.decoderTimeoutSeconds * 1000;
  const imageTtlMs = values.imageTtlSeconds * 1000;
  const answerTimeoutMs = values.answerTimeoutSeconds * 1000;
  const encodeTimeoutMs = values.encodeTimeoutSeconds * 1000;
  const requestTimeoutMs = values.requestTimeoutSeconds * 1000;
  const remoteCache = remoteCacheOf(values);
  if (remoteCache !== undefined && access.isSecretRandom) {
    throw new RangeError(
      "Cannot read MEDV_CACHE_URL as MEDV_SECRET must be set with it: gateways find each other's entries by what is derived from it",
    );
  }
  const tls = tlsFiles(values);
  const timeouts = {
    decoderTimeoutMs,
    imageTtlMs,
    answerTimeoutMs,
    encodeTimeoutMs,
    requestTimeoutMs,
  };
  return Object.freeze({ ...values, ...timeouts, access, remoteCache, tls });
}
