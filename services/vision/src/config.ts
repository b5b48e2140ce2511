import { fileURLToPath } from "node:url";
import type { TlsFiles } from "@medv/proto/grpc";
import {
  addressSetting,
  type Environment,
  precisionSetting,
  readSettings,
  remoteCacheOf,
  type RemoteCacheOptions,
  SERVICE_SETTINGS,
  type SettingValues,
  textSetting,
  tlsFiles,
} from "@medv/runtime";

/** The variable that names where to listen. */
export const ADDRESS_VARIABLE = "MEDV_VISION_ADDRESS";

/** Tiles that one image may have: a 6 × 6 grid and the whole image. */
export const MAX_TILES = 37;

const PHANTOM = "model/checkpoints/phantom";

/** Everything that can be set of the vision service. */
export const SETTINGS = {
  address: addressSetting(ADDRESS_VARIABLE, "127.0.0.1:50051", "where the service listens"),
  checkpoint: textSetting(
    "MEDV_CHECKPOINT",
    {
      fallback: fileURLToPath(new URL(`../../../${PHANTOM}`, import.meta.url)),
      shown: PHANTOM,
    },
    "checkpoint directory",
  ),
  precision: precisionSetting(
    "MEDV_VISION_PRECISION",
    ["float32", "float16"],
    "what the vision tower computes in; float16 needs MEDV_DEVICE cuda or webgpu",
  ),
  ...SERVICE_SETTINGS,
} as const;

export type VisionConfig = SettingValues<typeof SETTINGS> & {
  readonly tls: TlsFiles | undefined;
  readonly remoteCache: RemoteCacheOptions | undefined;
};

/**
 * The configuration that `env` asks for.
 *
 * @throws {RangeError} If a variable has a value that it cannot have.
 */
export function readConfig(env: Environment): VisionConfig {
  const values = readSettings(SETTINGS, env);
  const remoteCache = remoteCacheOf(values);
  return Object.freeze({ ...values, remoteCache, tls: tlsFiles(values) });
}
