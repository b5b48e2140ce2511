import { parseArgs } from "node:util";
import { fetchCheckpoint } from "./fetch_checkpoint.ts";

const { values } = parseArgs({
  options: { from: { type: "string" }, sums: { type: "string" }, to: { type: "string" } },
});
const { from, sums, to } = values;
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

try {
  if (from === undefined || sums === undefined || to === undefined) {
    throw new RangeError(
      "Cannot fetch a checkpoint as --from URL, --sums FILE and --to DIRECTORY must be given",
    );
  }
  // The token is no argument, as arguments can be seen by every process of the machine.
  const token = process.env["MEDV_FETCH_TOKEN"];
  await fetchCheckpoint({ from, sums, to, token, onFile }, stop.signal);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function onFile(file: { readonly name: string; readonly fetched: boolean }): void {
  process.stdout.write(`${JSON.stringify({ msg: "file-end", ...file })}\n`);
}
