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
 * Refuses more images than a client token allows, before any is fetched or counted.
 *
 * @throws {DomainError} `forbidden`.
 */
export function checkImages(grant: ClientGrant | undefined, images: number): void {
  if (grant !== undefined && images > grant.images) throw tooManyImages(grant);
}

/** What is answered to more images than a client token allows. */
export function tooManyImages({ images }: ClientGrant): DomainError {
  return new DomainError(
    "forbidden",
    `Cannot take the image as the client token allows ${images} of them`,
    { hint: "get a new token" },
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
