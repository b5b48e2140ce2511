import { createHmac, hkdfSync } from "node:crypto";

/** Characters of a scope: 132 bits in base64url. */
const SCOPE_LENGTH = 22;

/**
 * Gives tenants their scopes. Without `secret` nobody can tell which scope a tenant has, so that neither a digest of a
 * known image nor a key of a cache can be computed for somebody else.
 *
 * @param secret At least 32 bytes that stay on the server; equal secrets give equal scopes.
 */
export function tenantScopes(secret: Uint8Array): (tenant: string) => string {
  const salt = Buffer.from(hkdfSync("sha256", secret, "", "medv tenant scope", 32));
  return (tenant) =>
    createHmac("sha256", salt).update(tenant).digest("base64url").slice(0, SCOPE_LENGTH);
}
