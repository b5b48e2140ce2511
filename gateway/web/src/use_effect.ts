import { useLayoutEffect } from "hono/jsx/dom";

/**
 * An effect that runs once for its dependencies, in the next frame, and not at all where they changed or its component went
 * before that. Hono's own runs as often as its component was drawn until then, and loses what it has to clean up where
 * that came too early.
 */
export function useEffect(
  effect: () => void | (() => void),
  dependencies: readonly unknown[],
): void {
  useLayoutEffect(() => {
    let cleanUp: (() => void) | undefined;
    const frame = requestAnimationFrame(() => {
      cleanUp = effect() ?? undefined;
    });
    return () => {
      cancelAnimationFrame(frame);
      cleanUp?.();
    };
  }, dependencies);
}
