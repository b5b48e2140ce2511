/** What a metric of a process says now; NaN where it has none of this name. */
export async function readMetric(url: string, name: string): Promise<number> {
  // A connection that stays would be one more handle of the process.
  const text = await (await fetch(url, { headers: { connection: "close" } })).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}
