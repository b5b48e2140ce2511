import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TlsFiles } from "@medv/proto/grpc";
import {
  addressSetting,
  type Environment,
  integerSetting,
  precisionSetting,
  readSettings,
  replicasSetting,
  remoteCacheOf,
  type RemoteCacheOptions,
  SERVICE_SETTINGS,
  type SettingValues,
  text,
  textSetting,
  tlsFiles,
} from "@medv/runtime";

/** What the layers compute in; float32 is the reference, int8 is for CPUs, float16 for GPUs. */
export const PRECISIONS = ["int8", "float32", "float16"] as const;

export type Precision = (typeof PRECISIONS)[number];

/** The variable that names where to listen. */
export const ADDRESS_VARIABLE = "MEDV_DIFFUSION_ADDRESS";

const CACHE_VARIABLE = "MEDV_CACHE_DIRECTORY";

const PHANTOM = "model/checkpoints/phantom";

/** Everything that can be set of the diffusion service. */
export const SETTINGS = {
  address: addressSetting(ADDRESS_VARIABLE, "127.0.0.1:50052", "where the service listens"),
  visionAddress: replicasSetting(
    "MEDV_VISION_ADDRESS",
    "127.0.0.1:50051",
    "where embeddings are pulled from: a name that may stand for several replicas, or several IP addresses between commas",
  ),
  checkpoint: textSetting(
    "MEDV_CHECKPOINT",
    {
      fallback: fileURLToPath(new URL(`../../../${PHANTOM}`, import.meta.url)),
      shown: PHANTOM,
    },
    "checkpoint directory; its last part names the model",
  ),
  maxBatchRows: integerSetting("MEDV_MAX_BATCH_ROWS", 16, {
    unit: "answers",
    meaning: "how many answers may run together",
  }),
  runMemoryBytes: integerSetting("MEDV_RUN_MEMORY_BYTES", 4 * 2 ** 30, {
    unit: "bytes",
    meaning: "what one run may take beside the weights",
  }),
  precision: precisionSetting(
    "MEDV_PRECISION",
    PRECISIONS,
    "what the layers compute in; int8 needs MEDV_DEVICE cpu, float16 cuda or webgpu",
  ),
  cacheDirectory: {
    variable: CACHE_VARIABLE,
    unit: "",
    fallback: "~/.cache/llada-medv",
    meaning: "where int8 weights go when the checkpoint's folder cannot take them",
    read: readCacheDirectory,
  },
  ...SERVICE_SETTINGS,
} as const;

export type DiffusionConfig = SettingValues<typeof SETTINGS> & {
  readonly tls: TlsFiles | undefined;
  readonly remoteCache: RemoteCacheOptions | undefined;
};

/**
 * The configuration that `env` asks for.
 *
 * @throws {RangeError} If a variable has a value that it cannot have.
 */
export function readConfig(env: Environment): DiffusionConfig {
  const values = readSettings(SETTINGS, env);
  const remoteCache = remoteCacheOf(values);
  return Object.freeze({ ...values, remoteCache, tls: tlsFiles(values) });
}

function readCacheDirectory(env: Environment): string {
  const caches = text(env, "XDG_CACHE_HOME", join(homedir(), ".cache"));
  return text(env, CACHE_VARIABLE, join(caches, "llada-medv"));
}
