import { DomainError } from "@medv/proto";
import type { Guard } from "@medv/proto/grpc";
import { isUnheard } from "@medv/proto/status";

/** Told when calls are no longer made, and when they are again. */
export type BreakerHook = (isOpen: boolean) => void;

const FAILURES = 5;
const REST_MS = 2_000;

/**
 * Stops asking a service of which nothing is heard: after five calls in a row that could not reach it or had no answer in
 * time, calls fail at once, until one every two seconds finds it again. What the service itself answers, an error included,
 * shows that it is there; a caller that leaves shows nothing.
 *
 * Breakers of libraries (cockatiel, opossum) let one call try and everybody wait for its end. Here a call may last as long as
 * an answer, so the next one tries after a rest, whatever became of the one before.
 *
 * @param typeName The service, as its descriptor names it.
 * @returns Goes around the calls of a client.
 */
export function breaker(typeName: string, onChange: BreakerHook): Guard {
  let unheard = 0;
  let restsUntil = 0;
  const isOpen = (): boolean => unheard >= FAILURES;
  const rest = (): void => {
    restsUntil = performance.now() + REST_MS;
  };
  const onHeard = (): void => {
    const wasOpen = isOpen();
    unheard = 0;
    if (wasOpen) onChange(false);
  };
  const onUnheard = (): void => {
    unheard += 1;
    if (unheard !== FAILURES) return;
    rest();
    onChange(true);
  };
  return async (call, signal) => {
    if (isOpen()) {
      if (performance.now() < restsUntil) throw resting(typeName);
      // This one tries. It may take as long as its deadline, and nobody waits for it: the next one tries after a rest.
      rest();
    }
    try {
      const answer = await call();
      onHeard();
      return answer;
    } catch (error) {
      if (signal.aborted) throw error;
      if (isUnheard(error)) onUnheard();
      else if (isAnswer(error)) onHeard();
      throw error;
    }
  };
}

/** Whether the service said it itself: then it comes without grpc-js's own error. */
function isAnswer(error: unknown): boolean {
  return error instanceof DomainError && error.cause === undefined;
}

function resting(typeName: string): DomainError {
  return new DomainError(
    "unavailable",
    `Cannot call ${typeName} as nothing was heard of it ${FAILURES} times in a row`,
    { hint: "try again in a few seconds", retryAfterSeconds: REST_MS / 1000 },
  );
}
