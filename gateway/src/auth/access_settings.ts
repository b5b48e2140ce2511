import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { optionalSetting, type SettingValues, textSetting } from "@medv/runtime/setting";
import { type ApiKeys, parseApiKeys } from "./api_key.ts";
import type { JsonWebTokenOptions } from "./json_web_token.ts";
import { isLoopback } from "./loopback.ts";

const KEYS = "MEDV_API_KEYS";
const KEYS_FILE = "MEDV_API_KEYS_FILE";
const JWKS_URL = "MEDV_JWKS_URL";
const ISSUER = "MEDV_JWT_ISSUER";
const AUDIENCE = "MEDV_JWT_AUDIENCE";
const SECRET = "MEDV_SECRET";
const MIN_SECRET_LENGTH = 32;

/** Who may ask, and what the gateway alone knows. */
export const ACCESS_SETTINGS = {
  apiKeys: optionalSetting(
    KEYS,
    "tenant:sha256 of every API key, between commas, as `npm run key -- TENANT` prints them; without any way to tell callers apart only loopback is listened on",
  ),
  apiKeysFile: optionalSetting(KEYS_FILE, "the same in a file, one a line; # begins a comment"),
  jwksUrl: optionalSetting(
    JWKS_URL,
    "https URL of the keys of whoever issues JSON Web Tokens to callers; none are taken without",
  ),
  jwtIssuer: optionalSetting(ISSUER, "the claim iss that those tokens must have"),
  jwtAudience: optionalSetting(AUDIENCE, "the claim aud that those tokens must have"),
  jwtTenantClaim: textSetting(
    "MEDV_JWT_TENANT_CLAIM",
    { fallback: "tenant" },
    "the claim that names a token's tenant",
  ),
  secret: optionalSetting(
    SECRET,
    "at least 32 random characters, the same on every gateway: tenants' scopes and the keys of client tokens and receipts come from it; random at each start without",
  ),
} as const;

/** What the settings say of access. */
export type Access = {
  /** Without these and without JSON Web Tokens, everybody who reaches the gateway may ask. */
  readonly apiKeys: ApiKeys | undefined;
  readonly jsonWebTokens: JsonWebTokenOptions | undefined;
  readonly secret: Uint8Array;
  /** Whether `secret` was made up for this start. */
  readonly isSecretRandom: boolean;
};

/**
 * Reads the keys and the secret.
 *
 * @throws {RangeError} Naming the variable and the rule; of secrets never the value.
 */
export function accessOf(values: SettingValues<typeof ACCESS_SETTINGS>): Access {
  const secret = secretOf(values);
  return {
    apiKeys: apiKeysOf(values),
    jsonWebTokens: jsonWebTokensOf(values),
    secret: secret ?? randomBytes(32),
    isSecretRandom: secret === undefined,
  };
}

/**
 * The secret that was set; undefined where none was.
 *
 * @throws {RangeError} Naming the variable and the rule, never the value.
 */
export function secretOf({
  secret,
}: Pick<SettingValues<typeof ACCESS_SETTINGS>, "secret">): Uint8Array | undefined {
  if (secret === undefined) return undefined;
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new RangeError(
      `Cannot read ${SECRET} as it must have at least ${MIN_SECRET_LENGTH} characters: current value has ${secret.length}`,
    );
  }
  return Buffer.from(secret);
}

function apiKeysOf({
  apiKeys,
  apiKeysFile,
}: SettingValues<typeof ACCESS_SETTINGS>): ApiKeys | undefined {
  if (apiKeys !== undefined && apiKeysFile !== undefined) {
    throw new RangeError(`Cannot read ${KEYS} as ${KEYS_FILE} is set too: set one of them`);
  }
  if (apiKeys !== undefined) return parse(KEYS, apiKeys);
  if (apiKeysFile !== undefined) return parse(KEYS_FILE, readKeys(apiKeysFile));
  return undefined;
}

function jsonWebTokensOf({
  jwksUrl,
  jwtIssuer: issuer,
  jwtAudience: audience,
  jwtTenantClaim: tenantClaim,
}: SettingValues<typeof ACCESS_SETTINGS>): JsonWebTokenOptions | undefined {
  if (jwksUrl === undefined && issuer === undefined && audience === undefined) return undefined;
  const all = `${JWKS_URL}, ${ISSUER} and ${AUDIENCE} must be set together: current value is ""`;
  if (jwksUrl === undefined) throw new RangeError(`Cannot read ${JWKS_URL} as ${all}`);
  if (issuer === undefined) throw new RangeError(`Cannot read ${ISSUER} as ${all}`);
  if (audience === undefined) throw new RangeError(`Cannot read ${AUDIENCE} as ${all}`);
  return { jwksUrl: keysUrl(jwksUrl), issuer, audience, tenantClaim };
}

/** Whoever can change what is fetched can make tokens of any tenant. */
function keysUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const host = url?.hostname.replaceAll(/[[\]]/g, "") ?? "";
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(host))) return url;
  throw new RangeError(
    `Cannot read ${JWKS_URL} as it must be an https URL, or http on loopback: current value is "${text}"`,
  );
}

function parse(variable: string, text: string): ApiKeys {
  try {
    return parseApiKeys(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`Cannot read ${variable} as ${error.message}`, { cause: error });
  }
}

function readKeys(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new RangeError(
      `Cannot read ${KEYS_FILE} as it must be a file that can be read: current value is "${path}"`,
      { cause: error },
    );
  }
}
