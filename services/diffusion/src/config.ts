import { homedir } from "node:os";
import { join } from "node:path";
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
  readonly precision: Precision;
  /** Where int8 weights go when the checkpoint's folder cannot take them. */
  readonly cacheDirectory: string;
  readonly embeddingCacheBytes: number;
  readonly embeddingTtlSeconds: number;
  /** Answers that may run together. */
  readonly maxBatchRows: number;
  /** What one run may take beside the weights, in bytes. */
  readonly runMemoryBytes: number;
  readonly logLevel: LogLevel;
};

/** What the linear layers compute in; float32 is the reference. */
export const PRECISIONS = ["int8", "float32"] as const;

export type Precision = (typeof PRECISIONS)[number];

/** The variable that names where to listen. */
export const ADDRESS_VARIABLE = "MEDV_DIFFUSION_ADDRESS";

const PHANTOM = fileURLToPath(new URL("../../../model/checkpoints/phantom", import.meta.url));

/**
 * The configuration that `env` asks for.
 *
 * @throws {RangeError} If a variable has a value that it cannot have.
 */
export function readConfig(env: Environment): DiffusionConfig {
  const device = choice(env, "MEDV_DEVICE", { choices: DEVICES, fallback: "cpu" });
  return Object.freeze({
    address: address(env, ADDRESS_VARIABLE, "127.0.0.1:50052"),
    visionAddress: address(env, "MEDV_VISION_ADDRESS", "127.0.0.1:50051"),
    checkpoint: text(env, "MEDV_CHECKPOINT", PHANTOM),
    visionCheckpoint: optionalText(env, "MEDV_VISION_CHECKPOINT"),
    threads: positiveInteger(env, "MEDV_THREADS", 2),
    device,
    precision: precision(env, device),
    cacheDirectory: text(env, "MEDV_CACHE_DIRECTORY", cacheDirectory(env)),
    embeddingCacheBytes: positiveInteger(env, "MEDV_EMBEDDING_CACHE_BYTES", 256 << 20),
    embeddingTtlSeconds: positiveInteger(env, "MEDV_EMBEDDING_TTL_SECONDS", 3600),
    maxBatchRows: positiveInteger(env, "MEDV_MAX_BATCH_ROWS", 16),
    runMemoryBytes: positiveInteger(env, "MEDV_RUN_MEMORY_BYTES", 4 * 2 ** 30),
    logLevel: choice(env, "MEDV_LOG_LEVEL", { choices: LOG_LEVELS, fallback: "info" }),
  });
}

/** int8 on the CPU, where it computes three to four times as fast as float32; GPU providers have no such product. */
function precision(env: Environment, device: Device): Precision {
  const fallback = device === "cpu" ? "int8" : "float32";
  const chosen = choice(env, "MEDV_PRECISION", { choices: PRECISIONS, fallback });
  if (chosen === "int8" && device !== "cpu") {
    throw new RangeError(
      `Cannot read MEDV_PRECISION as int8 needs the device cpu: MEDV_DEVICE is "${device}"`,
    );
  }
  return chosen;
}

function cacheDirectory(env: Environment): string {
  return join(text(env, "XDG_CACHE_HOME", join(homedir(), ".cache")), "llada-medv");
}
