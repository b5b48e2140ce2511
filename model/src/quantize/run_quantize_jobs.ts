import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { QuantizeJob } from "./quantize_job.ts";

/**
 * Runs the jobs in threads of their own, each of which holds one job's rows at a time.
 *
 * @param done Called after every job with the bytes that it read.
 * @throws The first error of a thread, or the signal's reason; no thread is left running.
 */
export async function runQuantizeJobs(
  jobs: readonly QuantizeJob[],
  { threads, done }: { readonly threads: number; readonly done: (bytes: number) => void },
  signal: AbortSignal,
): Promise<void> {
  const queue = jobs.values();
  const workers = Array.from(
    { length: Math.min(threads, jobs.length) },
    () => new Worker(new URL("./quantize_thread.ts", import.meta.url)),
  );
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (const job of queue) {
          const answer = once(worker, "message", { signal });
          worker.postMessage(job, []);
          await answer;
          done(job.byteLength);
        }
      }),
    );
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
