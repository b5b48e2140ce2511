/**
 * Starts a gateway and stays, for the test that ends this process: node start_and_stay.ts PORT RUNTIME
 *
 * @module
 */
import { startProcess } from "./start_process.ts";

const [port, runtime] = process.argv.slice(2);
await startProcess("gateway", { MEDV_PORT: port }, [], {
  runtime: runtime === "deno" ? "deno" : "node",
});
process.stdout.write("started\n");
