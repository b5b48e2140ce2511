import { DomainError } from "@medv/proto";

/** A request by the name that its caller gave it. */
export type KeyedRequest = {
  /** Whose name it is; others may use the same one. */
  readonly owner: string;
  readonly key: string;
  /** Differs where what is asked differs. */
  readonly fingerprint: string;
};

/** What is to be done once. */
export type KeyedWork<T> = {
  /** Its signal is aborted when all who wait for it, or read what came of it, have gone away. */
  readonly run: (callers: AbortSignal) => Promise<T>;
  /** Whether an earlier result still stands; where it does not, the work is done anew. */
  readonly holds: (result: T) => boolean | Promise<boolean>;
};

/** How long a key is remembered, in milliseconds. */
export const KEY_TTL_MS = 10 * 60_000;

/** What a caller learns who asks something else under a key. */
export function keyReused(): DomainError {
  return new DomainError(
    "idempotency_key_reused",
    "Cannot take the request as its Idempotency-Key was used for another one",
    { field: "Idempotency-Key", hint: "use a new key for a new request" },
  );
}
