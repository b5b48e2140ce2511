import { DomainError } from "@medv/proto";
import { type ApiKeys, hashOf } from "./api_key.ts";
import type { Caller } from "./caller.ts";
import { type ClientTokens, isClientToken } from "./client_tokens.ts";

/**
 * Finds out who sends a bearer token.
 *
 * @throws {DomainError} `invalid_api_key`, `expired_token`; `unavailable` while that cannot be found out.
 */
export type Authenticate = (token: string | undefined) => Promise<Caller>;

export type AuthenticateOptions = {
  /** Undefined where nobody has one. */
  readonly apiKeys: ApiKeys | undefined;
  /** The tenant of a JSON Web Token; undefined where none are taken. */
  readonly readJsonWebToken: ((token: string) => Promise<string>) | undefined;
  readonly clientTokens: ClientTokens;
  readonly scopeOf: (tenant: string) => string;
};

/**
 * Knows callers by API key, JSON Web Token or client token. Where there are neither keys nor JSON Web Tokens, everybody
 * is one tenant, whatever they send; that is for a gateway that only its own machine reaches.
 */
export function createAuthenticate(options: AuthenticateOptions): Authenticate {
  const { apiKeys, readJsonWebToken, clientTokens, scopeOf } = options;
  const isOpen = apiKeys === undefined && readJsonWebToken === undefined;
  const callerOf = (tenant: string): Caller => ({ tenant, tenantScope: scopeOf(tenant) });
  return async (token) => {
    if (token !== undefined && isClientToken(token)) {
      const { tenant, grant } = await clientTokens.read(token);
      return { ...callerOf(tenant), grant };
    }
    if (isOpen) return callerOf("local");
    if (token === undefined) throw missing();
    // Not timed apart: what is compared are hashes, which a caller cannot steer towards a known one.
    const tenant = apiKeys?.get(hashOf(token));
    if (tenant !== undefined) return callerOf(tenant);
    if (readJsonWebToken === undefined || token.split(".").length !== 3) throw unknown();
    return callerOf(await readJsonWebToken(token));
  };
}

function missing(): DomainError {
  return new DomainError(
    "invalid_api_key",
    "Cannot take the request as it must have an API key: there is none",
    { hint: "send it as Authorization: Bearer KEY" },
  );
}

function unknown(): DomainError {
  return new DomainError("invalid_api_key", "Cannot take the request as its API key is not known", {
    hint: "check the key, or ask the gateway's operator for one",
  });
}
