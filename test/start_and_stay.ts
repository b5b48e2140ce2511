/**
 * Starts a gateway and stays, for the test that ends this process.
 *
 * @module
 */
import { startProcess } from "./start_process.ts";

await startProcess("gateway", { MEDV_PORT: process.argv[2] }, []);
process.stdout.write("started\n");
