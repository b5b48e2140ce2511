/** A controller that is aborted when the caller of `request` goes away, and by whoever else holds it. */
export function requestController({ signal }: Request): AbortController {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return controller;
}
