/**
 * A process whose model does not open, for the tests of how it ends: it says "opening", and fails when its input ends.
 *
 * @module
 */
import { once } from "node:events";
import { drainOnSignal } from "../drain_on_signal.ts";
import { createLogger } from "../logger.ts";

const logger = createLogger({ service: "failing-start", level: "info" });
const drain = drainOnSignal(logger);

async function open(): Promise<{ release(): Promise<void> }> {
  await once(process.stdin.resume(), "end");
  throw new Error("Cannot open the model as a file is missing");
}

try {
  const opening = open();
  drain.releaseLater(opening);
  drain.signal.addEventListener("abort", () => logger.info({}, "stopping"));
  logger.info({}, "opening");
  await opening;
} catch (error) {
  drain.onStartError(error);
}
