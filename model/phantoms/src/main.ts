import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { contactSheet } from "./contact_sheet.ts";
import { SPLITS, type Split } from "./phantom.ts";
import { writePhantoms } from "./write_phantoms.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    count: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    split: { type: "string", default: "test" },
    sheet: { type: "string" },
  },
});
const seed = whole("seed", values.seed);
if (values.sheet !== undefined) {
  await writeFile(values.sheet, await contactSheet(seed));
  process.stdout.write(`${values.sheet}\n`);
} else {
  const out = values.out ?? fail("--out DIR or --sheet FILE must be given");
  const count = whole("count", values.count);
  await writePhantoms(out, { split: split(values.split), seed, count }, (done) => {
    if (process.stderr.isTTY || done % 100 === 0 || done === count) {
      const end = process.stderr.isTTY && done < count ? "\r" : "\n";
      process.stderr.write(`drawing ${done}/${count} images${end}`);
    }
  });
  process.stdout.write(`${out}\n`);
}

function split(text: string): Split {
  return (
    SPLITS.find((each) => each === text) ??
    fail(`--split must be ${SPLITS.join(", ")}: current value is "${text}"`)
  );
}

function whole(name: string, text: string): number {
  const value = Number(text);
  return Number.isInteger(value) && value >= 1
    ? value
    : fail(`--${name} must be an integer >= 1: current value is "${text}"`);
}

function fail(message: string): never {
  process.stderr.write(`Cannot draw phantoms as ${message}\n`);
  process.exit(2);
}
