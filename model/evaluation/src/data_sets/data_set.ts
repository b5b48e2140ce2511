import type { Dialogue } from "../dialogue.ts";
import type { Predictions } from "../prediction.ts";
import type { Problem } from "../readers/problem.ts";
import type { Table } from "../report/table.ts";

export const DATA_NAMES = ["vqa-rad", "slake", "pathvqa", "phantoms", "llava-med-chat"] as const;
export type DataName = (typeof DATA_NAMES)[number];

/** What is asked, and how its answers are scored. */
export type DataSet = {
  /** The file that it was read from. */
  readonly file: string;
  readonly dialogues: readonly Dialogue[];
  /** Entries that are left out for what is wrong with them. */
  readonly problems: readonly Problem[];
  /** How many entries belong to another language or split. */
  readonly skipped: number;
  readonly tabulate: (
    systems: readonly string[],
    predictions: Predictions,
    signal: AbortSignal,
  ) => Promise<Tabulated>;
};

export type Tabulated = {
  readonly tables: readonly Table[];
  readonly problems: readonly Problem[];
};
