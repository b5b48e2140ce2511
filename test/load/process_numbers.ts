import type { Cluster, Replica } from "../faults/cluster.ts";

/** What a process holds at one moment. */
export type ProcessNumbers = { readonly residentMb: number; readonly handles: number };

/** Reads a process's own metrics. */
export async function numbersOf({ metricsUrl }: Replica): Promise<ProcessNumbers> {
  const text = await (await fetch(metricsUrl, { headers: { connection: "close" } })).text();
  const read = (name: string): number =>
    Number(new RegExp(`^${name} ([0-9.e+]+)$`, "m").exec(text)?.[1] ?? NaN);
  return {
    residentMb: read("process_resident_memory_bytes") / 2 ** 20,
    handles: read("nodejs_active_handles_total"),
  };
}

/** The numbers of every process, in the cluster's order. */
export async function allNumbers({ replicas }: Cluster): Promise<readonly ProcessNumbers[]> {
  return await Promise.all(replicas.map(numbersOf));
}

/** The value that so many per cent of `values` do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? NaN;
}
