import { DomainError } from "@medv/proto";
import type { ClientGrant } from "./client_tokens.ts";

/**
 * Refuses a model that a client token does not name.
 *
 * @param grant Undefined where a tenant itself asks.
 * @throws {DomainError} `forbidden`.
 */
export function checkModel(grant: ClientGrant | undefined, model: string): void {
  if (grant === undefined || grant.model === model) return;
  throw new DomainError(
    "forbidden",
    `Cannot answer as the client token is for another model: "${grant.model}"`,
    { field: "model", hint: `use "${grant.model}"` },
  );
}

/**
 * Refuses a client token where only a tenant itself may ask.
 *
 * @throws {DomainError} `forbidden`.
 */
export function checkTenantItself(grant: ClientGrant | undefined): void {
  if (grant === undefined) return;
  throw new DomainError("forbidden", "Cannot make a token as the caller has only one itself", {
    hint: "ask with the tenant's API key",
  });
}
