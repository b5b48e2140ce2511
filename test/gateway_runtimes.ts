import { DENO_MISSING } from "./deno_executable.ts";
import type { Runtime } from "./start_process.ts";

/** What a gateway runs on in a test, whether it cannot here, and what the test's name says of that. */
export const GATEWAY_RUNTIMES: readonly {
  readonly runtime: Runtime;
  readonly isMissing: boolean;
  readonly label: string;
}[] = [
  { runtime: "node", isMissing: false, label: "Node" },
  {
    runtime: "deno",
    isMissing: DENO_MISSING !== undefined,
    label: DENO_MISSING === undefined ? "Deno" : `Deno (skipped: ${DENO_MISSING})`,
  },
];
