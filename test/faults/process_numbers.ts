import { until } from "@medv/runtime/testing/until";
import type { Cluster, Replica } from "./cluster.ts";
import { readMetric } from "../read_metric.ts";

/** What a process holds at one moment. */
export type ProcessNumbers = { readonly residentMb: number; readonly handles: number };

/** Reads a process's own metrics. */
export async function numbersOf({ metricsUrl }: Replica): Promise<ProcessNumbers> {
  return {
    residentMb: (await readMetric(metricsUrl, "process_resident_memory_bytes")) / 2 ** 20,
    handles: await readMetric(metricsUrl, "nodejs_active_handles_total"),
  };
}

/** The numbers of every process, in the cluster's order. */
export async function allNumbers({ replicas }: Cluster): Promise<readonly ProcessNumbers[]> {
  return await Promise.all(replicas.map(numbersOf));
}

/** Handles that come and go by themselves, such as a timer. */
const SPARE_HANDLES = 2;

/** Waits until no process holds more handles than `before`: what was tried and given up is closed. */
export async function handlesBack(of: Cluster, before: readonly ProcessNumbers[]): Promise<void> {
  await until("every process has closed what was tried and given up", async () =>
    (await allNumbers(of)).every(
      ({ handles }, index) => handles <= (before[index]?.handles ?? NaN) + SPARE_HANDLES,
    ),
  );
}
