import type { Logger } from "./logger.ts";

/**
 * Ends the process well when it is asked to: on SIGTERM or SIGINT it calls `drain` and leaves with code 0. A second
 * signal means now.
 */
export function drainOnSignal(drain: () => Promise<void>, logger: Logger): void {
  let draining = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (draining) {
      logger.warn({ signal }, "exit-now");
      // `process.exit` during a run aborts: slow, and a core dump would hold a patient's image.
      process.kill(process.pid, "SIGKILL");
    }
    draining = true;
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
}
