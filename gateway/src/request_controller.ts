import { DomainError } from "@medv/proto";

/** A controller that is aborted when the caller of `request` goes away, and by whoever else holds it. */
export function requestController({ signal }: Request): AbortController {
  const controller = new AbortController();
  const abort = (): void => controller.abort(callerGone());
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return controller;
}

/** What work ends with that nobody waits for any more. */
export function callerGone(): DomainError {
  return new DomainError("cancelled", "Cannot finish the request as the caller went away");
}
