/**
 * Loaded into a process before its own code, this ends it at once when the test's process has ended, however that did.
 *
 * @module
 */
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  // The process is as free to end by itself as without.
  process.channel?.unref();
}
