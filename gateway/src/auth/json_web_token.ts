import { DomainError } from "@medv/proto";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { TENANT } from "./api_key.ts";

/** Whose tokens are taken, and what they must say. */
export type JsonWebTokenOptions = {
  /** Where the issuer publishes its keys. */
  readonly jwksUrl: URL;
  readonly issuer: string;
  readonly audience: string;
  /** The claim that names the tenant. */
  readonly tenantClaim: string;
};

/** Signatures that anybody can check and only the issuer can make. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "Ed25519", "EdDSA"],
];

/** What went wrong with the keys, not with the token. */
const KEYS_FAILED: ReadonlySet<string> = new Set([
  errors.JOSEError.code,
  errors.JWKSTimeout.code,
  errors.JWKSInvalid.code,
]);

/**
 * Reads the tenant out of a JSON Web Token. The issuer's keys are fetched when they are first needed, and again when a
 * token names one that is not there.
 *
 * @throws {DomainError} `invalid_api_key`, `expired_token`; `unavailable` while the issuer's keys cannot be had.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7519 | RFC 7519}
 */
export function createJsonWebTokenReader(
  options: JsonWebTokenOptions,
): (token: string) => Promise<string> {
  const { issuer, audience, tenantClaim } = options;
  const keys = createRemoteJWKSet(options.jwksUrl);
  const rules = { issuer, audience, algorithms: ALGORITHMS, requiredClaims: ["exp", tenantClaim] };
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, rules).catch((error: unknown) => {
      throw tokenError(error);
    });
    const tenant = payload[tenantClaim];
    if (typeof tenant === "string" && TENANT.test(tenant)) return tenant;
    throw new DomainError(
      "invalid_api_key",
      `Cannot take the token as its claim "${tenantClaim}" must name a tenant in a-z, 0-9, ".", "_" and "-"`,
    );
  };
}

/** What a caller learns of a token that does not hold. */
export function tokenError(error: unknown): DomainError {
  if (error instanceof errors.JWTExpired) {
    return new DomainError("expired_token", "Cannot take the token as its time is over", {
      hint: "get a new one",
      cause: error,
    });
  }
  if (error instanceof errors.JOSEError && !KEYS_FAILED.has(error.code)) {
    // Which of the rules it was is for whoever made the token, not for whoever tries one.
    return new DomainError("invalid_api_key", "Cannot take the token as it is not valid here", {
      hint: "check its issuer, audience and signature, or ask the gateway's operator for a key",
      cause: error,
    });
  }
  return new DomainError("unavailable", "Cannot check the token as its issuer's keys are missing", {
    hint: "try again in a few seconds",
    cause: error,
  });
}
