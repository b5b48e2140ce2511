import { LOG_LEVELS } from "./logger.ts";
import { CACHE_SETTINGS } from "./remote_cache/cache_settings.ts";
import { DEVICES } from "./session_message.ts";
import {
  choiceSetting,
  integerSetting,
  optionalAddressSetting,
  optionalSetting,
} from "./setting.ts";
import { METRICS_ADDRESS } from "./metrics_setting.ts";
import { TLS_SETTINGS } from "./tls_setting.ts";
import { TRACE_SETTINGS } from "./tracing/trace_settings.ts";

/** What can be set of every process that holds a model. */
export const SERVICE_SETTINGS = {
  healthAddress: optionalAddressSetting(
    "MEDV_HEALTH_ADDRESS",
    "a second place, always plain text, that answers gRPC health checks and nothing else: kubelet's probes speak no TLS",
  ),
  metricsAddress: METRICS_ADDRESS,
  visionCheckpoint: optionalSetting(
    "MEDV_VISION_CHECKPOINT",
    "SigLIP2 directory, for a checkpoint without vision tensors",
  ),
  checkpointSums: optionalSetting(
    "MEDV_CHECKPOINT_SUMS",
    "file in the format of sha256sum: every file of the checkpoint is checked against it before it is loaded",
  ),
  visionCheckpointSums: optionalSetting(
    "MEDV_VISION_CHECKPOINT_SUMS",
    "the same for MEDV_VISION_CHECKPOINT",
  ),
  threads: integerSetting("MEDV_THREADS", 2, {
    unit: "threads",
    meaning: "how many threads one run of the model uses",
  }),
  device: choiceSetting(
    "MEDV_DEVICE",
    { choices: DEVICES, fallback: "cpu" },
    "where the model computes",
  ),
  embeddingCacheBytes: integerSetting("MEDV_EMBEDDING_CACHE_BYTES", 256 << 20, {
    unit: "bytes",
    meaning: "memory for embeddings of images",
  }),
  embeddingTtlSeconds: integerSetting("MEDV_EMBEDDING_TTL_SECONDS", 3600, {
    unit: "seconds",
    meaning: "how long an embedding is kept",
  }),
  maxQueueSeconds: integerSetting("MEDV_MAX_QUEUE_SECONDS", 60, {
    unit: "seconds",
    meaning: "more predicted work than this is refused with the time after which there is room",
  }),
  logLevel: choiceSetting(
    "MEDV_LOG_LEVEL",
    { choices: LOG_LEVELS, fallback: "info" },
    "the least important events that are logged",
  ),
  ...TRACE_SETTINGS,
  ...CACHE_SETTINGS,
  ...TLS_SETTINGS,
} as const;
