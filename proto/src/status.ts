import { Metadata, status as Status, type ServiceError } from "@grpc/grpc-js";
import { DOMAIN_CODES, type DomainCode, DomainError } from "./domain_error.ts";

/** What grpc-js sends as the end of a call that failed. */
export type FailedStatus = {
  readonly code: Status;
  readonly details: string;
  readonly metadata: Metadata;
};

/**
 * The one table: which gRPC status a domain error travels as. Programs read the `medv-code` trailer, the status is
 * for proxies, dashboards and clients that know only gRPC.
 */
const STATUS_OF_CODE = {
  invalid_request: Status.INVALID_ARGUMENT,
  unsupported_field: Status.INVALID_ARGUMENT,
  invalid_setting: Status.INVALID_ARGUMENT,
  invalid_messages: Status.INVALID_ARGUMENT,
  context_too_long: Status.OUT_OF_RANGE,
  unknown_model: Status.NOT_FOUND,
  unknown_image: Status.NOT_FOUND,
  embedding_not_found: Status.NOT_FOUND,
  embedding_mismatch: Status.FAILED_PRECONDITION,
  unsupported_image: Status.INVALID_ARGUMENT,
  damaged_image: Status.INVALID_ARGUMENT,
  undecodable_image: Status.INVALID_ARGUMENT,
  image_too_large: Status.OUT_OF_RANGE,
  body_too_large: Status.OUT_OF_RANGE,
  not_found: Status.NOT_FOUND,
  idempotency_key_reused: Status.FAILED_PRECONDITION,
  invalid_api_key: Status.UNAUTHENTICATED,
  expired_token: Status.UNAUTHENTICATED,
  forbidden: Status.PERMISSION_DENIED,
  rate_limit_exceeded: Status.RESOURCE_EXHAUSTED,
  overloaded: Status.RESOURCE_EXHAUSTED,
  unavailable: Status.UNAVAILABLE,
  deadline_exceeded: Status.DEADLINE_EXCEEDED,
  cancelled: Status.CANCELLED,
  internal: Status.INTERNAL,
} as const satisfies Record<DomainCode, Status>;

const CODE_KEY = "medv-code";
const FIELD_KEY = "medv-field";
const HINT_KEY = "medv-hint";
const RETRY_KEY = "medv-retry-after-seconds";

/**
 * The status that an error travels as. Only a {@link DomainError} shows its text; of anything else the caller learns
 * "internal", as its text may hold paths or a patient's words.
 */
export function statusOf(error: unknown): FailedStatus {
  const metadata = new Metadata();
  if (!(error instanceof DomainError)) {
    metadata.set(CODE_KEY, "internal");
    return { code: Status.INTERNAL, details: "internal", metadata };
  }
  metadata.set(CODE_KEY, error.code);
  // Header values are ASCII; the message itself is escaped by grpc-js, which throws on half a character.
  if (error.field !== undefined) metadata.set(FIELD_KEY, encode(error.field));
  if (error.hint !== undefined) metadata.set(HINT_KEY, encode(error.hint));
  if (error.retryAfterSeconds !== undefined) {
    metadata.set(RETRY_KEY, String(error.retryAfterSeconds));
  }
  return { code: STATUS_OF_CODE[error.code], details: error.message.toWellFormed(), metadata };
}

/**
 * The domain error that a failed call stands for; the inverse of {@link statusOf}. Failures that grpc-js itself
 * reports (no connection, deadline, cancellation, message size) become the fitting domain error.
 */
export function errorOf(failure: ServiceError): DomainError {
  const code = text(failure.metadata, CODE_KEY);
  if (code !== undefined && isDomainCode(code)) {
    const field = text(failure.metadata, FIELD_KEY);
    const hint = text(failure.metadata, HINT_KEY);
    const retryAfterSeconds = Number(text(failure.metadata, RETRY_KEY));
    return new DomainError(code, failure.details, {
      ...(field !== undefined && { field: decodeURIComponent(field) }),
      ...(hint !== undefined && { hint: decodeURIComponent(hint) }),
      ...(retryAfterSeconds >= 1 && { retryAfterSeconds }),
    });
  }
  return ownFailure(failure);
}

/** Whether a call failed without a word of the service: it could not be reached, or did not answer in time. */
export function isUnheard(error: unknown): boolean {
  return (
    error instanceof DomainError &&
    // What the service said itself comes without grpc-js's own error.
    error.cause !== undefined &&
    (error.code === "unavailable" || error.code === "deadline_exceeded")
  );
}

/** A status without our trailer: made by grpc-js, a proxy or a foreign server. */
function ownFailure(failure: ServiceError): DomainError {
  const cause = { cause: failure };
  if (failure.code === Status.UNAVAILABLE) {
    return new DomainError("unavailable", "Cannot call the service as it cannot be reached", {
      ...cause,
      hint: "try again in a few seconds",
    });
  }
  if (failure.code === Status.DEADLINE_EXCEEDED) {
    return new DomainError(
      "deadline_exceeded",
      "Cannot finish the call as its deadline passed",
      cause,
    );
  }
  if (failure.code === Status.CANCELLED) {
    return new DomainError("cancelled", "Cannot finish the call as it was cancelled", cause);
  }
  if (failure.code === Status.RESOURCE_EXHAUSTED) {
    return /larger than/.test(failure.details)
      ? new DomainError(
          "body_too_large",
          "Cannot send the message as it exceeds the size limit",
          cause,
        )
      : new DomainError(
          "overloaded",
          "Cannot take the call as the service has no room for it",
          cause,
        );
  }
  return new DomainError("internal", "internal", cause);
}

function encode(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}

function text(metadata: Metadata | undefined, key: string): string | undefined {
  return metadata?.get(key)[0]?.toString();
}

function isDomainCode(code: string): code is DomainCode {
  return DOMAIN_CODES.some((known) => known === code);
}
