import type { Finding } from "./phantom.ts";
import type { Random } from "./random.ts";

/** The patient's left lies at positive x; on both sides there is at least one. */
export function sidesOf(
  { side, count }: Finding,
  random: Random,
): readonly { sign: -1 | 1; count: number }[] {
  if (side !== "both") return [{ sign: side === "left" ? 1 : -1, count: count ?? 1 }];
  const total = count ?? 2;
  const left = random.chance(0.5) ? Math.ceil(total / 2) : Math.floor(total / 2);
  return [
    { sign: 1, count: left },
    { sign: -1, count: total - left },
  ];
}
