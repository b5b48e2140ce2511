/**
 * Runs `work` with a signal that SIGTERM and SIGINT abort, so that it can tidy up; before and after they end the process.
 *
 * @throws What `work` throws, which is the signal's reason when it was stopped.
 */
export async function stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void =>
    controller.abort(new Error(`Cannot go on as ${name} came`));
  process.once("SIGTERM", stop).once("SIGINT", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGTERM", stop).off("SIGINT", stop);
  }
}
