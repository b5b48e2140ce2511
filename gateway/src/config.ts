import {
  address,
  choice,
  type Environment,
  positiveInteger,
  text,
} from "@medv/runtime/environment";
import { LOG_LEVELS, type LogLevel } from "@medv/runtime/logger";

export type GatewayConfig = {
  readonly host: string;
  readonly port: number;
  readonly visionAddress: string;
  readonly diffusionAddress: string;
  readonly maxImageBytes: number;
  readonly maxImagePixels: number;
  readonly imageTtlMs: number;
  readonly imageCacheBytes: number;
  readonly logLevel: LogLevel;
};

/**
 * Reads the gateway's settings.
 *
 * @throws {RangeError} That names the variable, the rule and the value.
 */
export function readConfig(env: Environment): GatewayConfig {
  const port = positiveInteger(env, "MEDV_PORT", 8080);
  if (port > 65_535) {
    throw new RangeError(
      `Cannot read MEDV_PORT as it must be at most 65535: current value is "${port}"`,
    );
  }
  const maxImageBytes = positiveInteger(env, "MEDV_MAX_IMAGE_BYTES", 20 << 20);
  const imageCacheBytes = positiveInteger(env, "MEDV_IMAGE_CACHE_BYTES", 512 << 20);
  // Half of the cache is for images as sent: an upload that does not fit would be unknown at once.
  if (imageCacheBytes < 4 * maxImageBytes) {
    throw new RangeError(
      `Cannot read MEDV_IMAGE_CACHE_BYTES as it must be at least 4 × MEDV_MAX_IMAGE_BYTES (${4 * maxImageBytes}): current value is "${imageCacheBytes}"`,
    );
  }
  return Object.freeze({
    host: text(env, "MEDV_HOST", "127.0.0.1"),
    port,
    visionAddress: address(env, "MEDV_VISION_ADDRESS", "127.0.0.1:50051"),
    diffusionAddress: address(env, "MEDV_DIFFUSION_ADDRESS", "127.0.0.1:50052"),
    maxImageBytes,
    maxImagePixels: positiveInteger(env, "MEDV_MAX_IMAGE_PIXELS", 100_000_000),
    imageTtlMs: positiveInteger(env, "MEDV_IMAGE_TTL_SECONDS", 3600) * 1000,
    imageCacheBytes,
    logLevel: choice(env, "MEDV_LOG_LEVEL", { choices: LOG_LEVELS, fallback: "info" }),
  });
}
