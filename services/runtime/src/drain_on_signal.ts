import type { Logger } from "./logger.ts";

/** How a process ends when it is asked to. */
export type Drain = {
  /** Aborted when it is asked. */
  readonly signal: AbortSignal;
  /** What has been opened adds here how it is closed; the steps are taken one after another. */
  readonly steps: (() => unknown)[];
  /**
   * Adds a step that releases what is being opened: it waits for it, as a thread must not be ended in the middle of its
   * work. What did not open has none.
   */
  readonly releaseLater: (opening: Promise<{ readonly release: () => Promise<void> }>) => void;
  /** Ends the process, with code 1, because of what kept it from starting; where it is asked to end anyhow, the drain does. */
  readonly onStartError: (error: unknown) => void;
};

/**
 * Ends the process well when it is asked to: on SIGTERM or SIGINT it takes the steps that there are by then and leaves with
 * code 0. A second signal means now. Called first of all, so that no moment is left out.
 */
export function drainOnSignal(logger: Logger): Drain {
  const controller = new AbortController();
  const { signal } = controller;
  const steps: (() => unknown)[] = [];
  const drain = async (): Promise<void> => {
    for (const step of steps) await step();
  };
  const onSignal = (name: NodeJS.Signals): void => {
    if (signal.aborted) {
      logger.warn({ signal: name }, "exit-now");
      // `process.exit` during a run aborts: slow, and a core dump would hold a patient's image.
      process.kill(process.pid, "SIGKILL");
    }
    controller.abort(new Error("Cannot go on as the process is stopping"));
    drain().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, "drain-error");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return {
    signal,
    steps,
    releaseLater(opening) {
      steps.push(() =>
        opening.then(
          (opened) => opened.release(),
          () => {},
        ),
      );
    },
    onStartError(err) {
      if (!signal.aborted) {
        logger.fatal({ err }, "start-error");
        process.exit(1);
      }
      if (err !== signal.reason) logger.warn({ err }, "start-error");
    },
  };
}
