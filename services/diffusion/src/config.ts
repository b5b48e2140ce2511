import { fileURLToPath } from "node:url";
import {
  address,
  choice,
  DEVICES,
  LOG_LEVELS,
  optionalText,
  positiveInteger,
  text,
  type Device,
  type Environment,
  type LogLevel,
} from "@medv/runtime";

/** Everything that can be set of the diffusion service. */
export type DiffusionConfig = {
  /** `host:port` */
  readonly address: string;
  readonly visionAddress: string;
  readonly checkpoint: string;
  /** SigLIP2 directory, for checkpoints without vision tensors. */
  readonly visionCheckpoint: string | undefined;
  readonly threads: number;
  readonly device: Device;
  readonly embeddingCacheBytes: number;
  readonly embeddingTtlSeconds: number;
  /** Answers that may run together. */
  readonly maxBatchRows: number;
  /** What one run may take beside the weights, in bytes. */
  readonly runMemoryBytes: number;
  readonly logLevel: LogLevel;
};

/** The variable that names where to listen. */
export const ADDRESS_VARIABLE = "MEDV_DIFFUSION_ADDRESS";

const PHANTOM = fileURLToPath(new URL("../../../model/checkpoints/phantom", import.meta.url));

/**
 * The configuration that `env` asks for.
 *
 * @throws {RangeError} If a variable has a value that it cannot have.
 */
export function readConfig(env: Environment): DiffusionConfig {
  return Object.freeze({
    address: address(env, ADDRESS_VARIABLE, "127.0.0.1:50052"),
    visionAddress: address(env, "MEDV_VISION_ADDRESS", "127.0.0.1:50051"),
    checkpoint: text(env, "MEDV_CHECKPOINT", PHANTOM),
    visionCheckpoint: optionalText(env, "MEDV_VISION_CHECKPOINT"),
    threads: positiveInteger(env, "MEDV_THREADS", 2),
    device: choice(env, "MEDV_DEVICE", { choices: DEVICES, fallback: "cpu" }),
    embeddingCacheBytes: positiveInteger(env, "MEDV_EMBEDDING_CACHE_BYTES", 256 << 20),
    embeddingTtlSeconds: positiveInteger(env, "MEDV_EMBEDDING_TTL_SECONDS", 3600),
    maxBatchRows: positiveInteger(env, "MEDV_MAX_BATCH_ROWS", 16),
    runMemoryBytes: positiveInteger(env, "MEDV_RUN_MEMORY_BYTES", 4 * 2 ** 30),
    logLevel: choice(env, "MEDV_LOG_LEVEL", { choices: LOG_LEVELS, fallback: "info" }),
  });
}
