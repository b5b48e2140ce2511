import { fileURLToPath } from "node:url";
import {
  address,
  choice,
  type Device,
  DEVICES,
  type Environment,
  LOG_LEVELS,
  type LogLevel,
  optionalText,
  positiveInteger,
  text,
} from "@medv/runtime";

/** Everything that can be set of the vision service. */
export type VisionConfig = {
  /** `host:port` */
  readonly address: string;
  /** Checkpoint directory. */
  readonly checkpoint: string;
  /** SigLIP2 directory, for checkpoints without vision tensors. */
  readonly visionCheckpoint: string | undefined;
  readonly threads: number;
  readonly device: Device;
  readonly embeddingCacheBytes: number;
  readonly embeddingTtlSeconds: number;
  readonly logLevel: LogLevel;
};

/** The variable that names where to listen. */
export const ADDRESS_VARIABLE = "MEDV_VISION_ADDRESS";

/** Tiles that one image may have: a 6 × 6 grid and the whole image. */
export const MAX_TILES = 37;

const PHANTOM = fileURLToPath(new URL("../../../model/checkpoints/phantom", import.meta.url));

/**
 * The configuration that `env` asks for.
 *
 * @throws {RangeError} If a variable has a value that it cannot have.
 */
export function readConfig(env: Environment): VisionConfig {
  return Object.freeze({
    address: address(env, ADDRESS_VARIABLE, "127.0.0.1:50051"),
    checkpoint: text(env, "MEDV_CHECKPOINT", PHANTOM),
    visionCheckpoint: optionalText(env, "MEDV_VISION_CHECKPOINT"),
    threads: positiveInteger(env, "MEDV_THREADS", 2),
    device: choice(env, "MEDV_DEVICE", { choices: DEVICES, fallback: "cpu" }),
    embeddingCacheBytes: positiveInteger(env, "MEDV_EMBEDDING_CACHE_BYTES", 256 << 20),
    embeddingTtlSeconds: positiveInteger(env, "MEDV_EMBEDDING_TTL_SECONDS", 3600),
    logLevel: choice(env, "MEDV_LOG_LEVEL", { choices: LOG_LEVELS, fallback: "info" }),
  });
}
