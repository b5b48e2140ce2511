import { setTimeout as sleep } from "node:timers/promises";

/** Well above what a slow machine needs, and less than a test may take: who waits longer is told for what. */
const PATIENCE_SECONDS = 90;

/**
 * Waits until something holds, with rests in which everything else goes on.
 *
 * @param what For the message, as a sentence.
 * @param seconds After which it counts as something that never comes.
 * @throws {Error} If it did not come.
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seconds = PATIENCE_SECONDS,
): Promise<void> {
  const endsAt = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > endsAt) {
      throw new Error(`Cannot go on as this did not come in ${seconds} s: ${what}`);
    }
    await sleep(20);
  }
}
