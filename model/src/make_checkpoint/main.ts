import { parseArgs } from "node:util";
import { SIZES } from "./sizes.ts";
import { writeCheckpoint } from "./write_checkpoint.ts";

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "tiny" },
    out: { type: "string" },
    seed: { type: "string", default: "3" },
  },
});
const size = Object.entries(SIZES).find(([name]) => name === values.size)?.[1];
const seed = Number(values.seed);
const { out } = values;
if (size === undefined)
  fail(`--size must be ${Object.keys(SIZES).join(", ")}: current value is "${values.size}"`);
if (!Number.isInteger(seed)) fail(`--seed must be an integer: current value is "${values.seed}"`);
if (out === undefined) fail("--out must name the directory to write");

let shown = -1;
await writeCheckpoint(out, size, seed, (written, total) => {
  const percent = Math.floor((100 * written) / total);
  if (percent === shown) return;
  shown = percent;
  if (process.stderr.isTTY || percent % 10 === 0) {
    const end = process.stderr.isTTY && percent < 100 ? "\r" : "\n";
    process.stderr.write(`${percent} % of ${(total / 1e6).toFixed(1)} MB${end}`);
  }
}).catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
process.stdout.write(`${out}\n`);

function fail(message: string): never {
  process.stderr.write(
    `${message.startsWith("Cannot") ? message : `Cannot make a checkpoint as ${message}`}\n`,
  );
  process.exit(2);
}
