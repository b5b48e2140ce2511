/** The published tower's output for one tile, in 16 bits: 1.7 MB. */
export const EMBEDDING = {
  digest: "e".repeat(64),
  tenantScope: "bench",
  shape: [1, 729, 1152],
} as const;

/** Steps of a long answer, and the time between them. */
export const STEPS = 100;
export const PACE_MS = 20;
/** Events of a long answer, by their type. */
export const EVENTS = {
  "answer-start": 1,
  "block-draft": STEPS,
  "text-delta": STEPS,
  "answer-end": 1,
} as const;
