import type { SharedCounts } from "@medv/runtime/remote_cache/shared_counts";
import type { Log } from "../log.ts";

/**
 * Counts with the other gateways, or alone where there are none or the shared cache cannot be asked: its failure never
 * refuses anybody.
 */
export type CountTogether = <T>(
  together: (counts: SharedCounts) => Promise<T | undefined>,
  alone: () => Promise<T>,
) => Promise<T>;

/** @param counts Undefined where this gateway is the only one. */
export function countTogether(counts: SharedCounts | undefined, log: Log): CountTogether {
  let isAlone = false;
  return async (together, alone) => {
    if (counts === undefined) return await alone();
    const counted = await together(counts);
    if ((counted === undefined) !== isAlone) {
      isAlone = counted === undefined;
      if (isAlone) log.warn({ hint: "limits hold for each gateway by itself" }, "count-alone");
      else log.info({}, "count-together");
    }
    return counted ?? (await alone());
  };
}
