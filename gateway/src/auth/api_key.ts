import { createHash, randomBytes } from "node:crypto";

/** Tenants by the SHA-256 of their keys, in lower-case hexadecimal. The keys themselves are kept nowhere. */
export type ApiKeys = ReadonlyMap<string, string>;

/** What a tenant may be called. */
export const TENANT = /^[a-z0-9][a-z0-9._-]{0,62}$/;

const ENTRY = /^([^:\s]+):([0-9a-f]{64})$/;

/** A new key: 256 random bits behind a prefix that secret scanners can look for. */
export function createApiKey(): string {
  return `medv_${randomBytes(32).toString("base64url")}`;
}

/** What is kept of a key. A plain hash is enough: nobody guesses 256 random bits. */
export function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** The entry of a key in {@link parseApiKeys}'s list. */
export function entryOf(tenant: string, key: string): string {
  return `${tenant}:${hashOf(key)}`;
}

/**
 * Reads `tenant:sha256` entries between commas or line ends; `#` begins a comment. A tenant may have several keys.
 *
 * @throws {RangeError} That says which entry is wrong; never its text, which may be a key by mistake.
 */
export function parseApiKeys(text: string): ApiKeys {
  const keys = new Map<string, string>();
  const entries = text
    .replaceAll(/#.*$/gm, "")
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  for (const [index, entry] of entries.entries()) {
    const [, tenant = "", hash = ""] = ENTRY.exec(entry) ?? [];
    if (!TENANT.test(tenant)) {
      throw new RangeError(
        `entry ${index + 1} must be "tenant:sha256", as \`npm run key -- TENANT\` prints it`,
      );
    }
    const other = keys.get(hash);
    if (other !== undefined && other !== tenant) {
      throw new RangeError(`entry ${index + 1} has the key of another tenant, "${other}"`);
    }
    keys.set(hash, tenant);
  }
  if (keys.size === 0) throw new RangeError("there must be at least one entry");
  return keys;
}
