import { type Environment, optionalText } from "../environment.ts";
import { optionalSetting, type Setting, type SettingValues } from "../setting.ts";

const URL_VARIABLE = "MEDV_CACHE_URL";
const KEY_VARIABLE = "MEDV_CACHE_KEY";
const KEY_BYTES = 32;

/** Where processes share what they keep. */
export const CACHE_SETTINGS = {
  cacheUrl: urlSetting(),
  cacheKey: optionalSetting(
    KEY_VARIABLE,
    "32 bytes in base64, the same for every process: values of the shared cache are encrypted with it; plain without",
  ),
} as const;

/** A cache that processes share. */
export type RemoteCacheOptions = {
  readonly url: string;
  /** 32 bytes; undefined: values are not encrypted. */
  readonly key: Uint8Array | undefined;
};

/**
 * What the settings say of the shared cache, if there is one.
 *
 * @throws {RangeError} Naming the variable and the rule; never the key.
 */
export function remoteCacheOf({
  cacheUrl: url,
  cacheKey,
}: SettingValues<typeof CACHE_SETTINGS>): RemoteCacheOptions | undefined {
  const key = cacheKey === undefined ? undefined : Buffer.from(cacheKey, "base64");
  if (key !== undefined && key.length !== KEY_BYTES) {
    throw new RangeError(
      `Cannot read ${KEY_VARIABLE} as it must be ${KEY_BYTES} bytes in base64: current value has ${key.length} (\`openssl rand -base64 ${KEY_BYTES}\` makes one)`,
    );
  }
  return url === undefined ? undefined : { url, key };
}

function urlSetting(): Setting<string | undefined> {
  return {
    variable: URL_VARIABLE,
    unit: "",
    fallback: "",
    meaning:
      "redis:// or rediss:// URL of a Valkey or Redis that gateways and services share; memory alone without. Bound it with maxmemory and allkeys-lru",
    read(env: Environment) {
      const value = optionalText(env, URL_VARIABLE);
      if (value === undefined) return undefined;
      const protocol = URL.canParse(value) ? new URL(value).protocol : "";
      if (protocol === "redis:" || protocol === "rediss:") return value;
      // It may have a password in it.
      throw new RangeError(
        `Cannot read ${URL_VARIABLE} as it must be a redis:// or rediss:// URL: current value begins with "${value.slice(0, 8)}"`,
      );
    },
  };
}
