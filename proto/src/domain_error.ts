/**
 * What can go wrong in a way that a caller handles. The string is stable: clients may match on it.
 *
 * `status.ts` maps each to a gRPC status, the gateway's `problem.ts` to an HTTP status.
 */
export const DOMAIN_CODES = [
  /** A field of the request is missing, of the wrong type or out of range. */
  "invalid_request",
  /** A field of the request is known but not offered here. */
  "unsupported_field",
  /** Two settings do not fit together, or one does not fit the model. */
  "invalid_setting",
  /** The conversation is empty or its order makes no sense. */
  "invalid_messages",
  /** Prompt, image rows and answer together exceed the model's context. */
  "context_too_long",
  "unknown_model",
  /** The image id is not known to this tenant (any more). */
  "unknown_image",
  /** The vision service does not keep this embedding (any more): encode again. */
  "embedding_not_found",
  /** An embedding does not have the digest, shape or dtype that its handle says. */
  "embedding_mismatch",
  /** The bytes are of a format that is not taken. */
  "unsupported_image",
  /** The bytes are of a known format but cannot be decoded to the end. */
  "damaged_image",
  /** Decoding the bytes crashed, took too long or wanted too much memory. */
  "undecodable_image",
  /** Too many bytes or too many pixels. */
  "image_too_large",
  /** The request body is larger than is taken. */
  "body_too_large",
  "not_found",
  /** Another request came under the same Idempotency-Key before. */
  "idempotency_key_reused",
  /** There is no API key, or one that is not known. */
  "invalid_api_key",
  /** A token whose time is over. */
  "expired_token",
  /** The caller is known, but may not do this. */
  "forbidden",
  /** The caller's share of a minute is used up. */
  "rate_limit_exceeded",
  /** No room for more work at present. */
  "overloaded",
  /** The service is starting, draining or cannot be reached. */
  "unavailable",
  "deadline_exceeded",
  "cancelled",
  "internal",
] as const;

export type DomainCode = (typeof DOMAIN_CODES)[number];

export type DomainErrorOptions = ErrorOptions & {
  /** Path of the offending field, such as `diffusion.block_length`. */
  readonly field?: string;
  /** What the caller can do about it. */
  readonly hint?: string;
  /** When the same request may succeed: whole seconds, at least 1. */
  readonly retryAfterSeconds?: number;
};

/** An error whose code, message, field and hint may be shown to the caller, on every wire. */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly code: DomainCode;
  readonly field: string | undefined;
  readonly hint: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  /**
   * @param code What went wrong, for programs.
   * @param message What went wrong, for people: never prompt text or image data.
   */
  constructor(code: DomainCode, message: string, options: DomainErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.field = options.field;
    this.hint = options.hint;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
