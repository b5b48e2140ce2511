import { useEffect as useEachEffect } from "hono/jsx/dom";

/**
 * An effect that runs once for its dependencies. Hono's own waits for the next frame and runs as often as its component
 * was drawn until then: an answer that streams draws ten times in one.
 */
export function useEffect(
  effect: () => void | (() => void),
  dependencies: readonly unknown[],
): void {
  let cleanUp: (() => void) | undefined;
  let hasRun = false;
  useEachEffect(() => {
    if (!hasRun) {
      hasRun = true;
      cleanUp = effect() ?? undefined;
    }
    return cleanUp;
  }, dependencies);
}
