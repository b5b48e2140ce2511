import { availableParallelism, cpus } from "node:os";

/** What a figure was measured on, and when. */
export function machine(): string {
  return `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} cores, ${new Date().toISOString().slice(0, 10)}`;
}
