import { setTimeout as sleep } from "node:timers/promises";

/** Waits until something holds, with rests in which everything else goes on. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20);
}
