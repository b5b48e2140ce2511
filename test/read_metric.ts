/**
 * What a metric of a process says now; NaN where it has none of this name.
 *
 * @param name With its labels, as the metric's line begins.
 */
export async function readMetric(url: string, name: string): Promise<number> {
  // A connection that stays would be one more handle of the process.
  const text = await (await fetch(url, { headers: { connection: "close" } })).text();
  const line = text.split("\n").find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length));
}
