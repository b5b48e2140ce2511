import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { barChart, type Bars } from "./bar_chart.ts";

/**
 * Writes `NAME.json` and `NAME.svg` of a bench.
 *
 * @param results.origin On which machine and when it ran, which both files say.
 * @param results.record What the JSON holds beside that.
 */
export async function writeResults(
  directory: string,
  name: string,
  results: {
    readonly origin: string;
    readonly record: Readonly<Record<string, unknown>>;
    readonly chart: readonly Bars[];
  },
): Promise<void> {
  const { origin, record, chart } = results;
  await mkdir(directory, { recursive: true });
  const json = JSON.stringify({ machine: origin, ...record }, undefined, 2);
  await writeFile(join(directory, `${name}.json`), `${json}\n`);
  await writeFile(join(directory, `${name}.svg`), barChart(chart, origin));
}
