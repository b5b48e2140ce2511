import type { VqaName } from "../paper_rows.ts";
import { readVqa } from "../readers/vqa.ts";
import { vqaTable } from "../report/vqa_table.ts";
import type { DataSet } from "./data_set.ts";

/** VQA-RAD, SLAKE or PathVQA: every question on its own. */
export async function vqaDataSet(
  data: VqaName,
  path: string,
  limit: number | undefined,
): Promise<DataSet> {
  const { items, ...read } = await readVqa(data, path);
  const used = items.slice(0, limit);
  return {
    ...read,
    dialogues: used.map(({ id, image, question }) => ({ image, turns: [{ id, question }] })),
    tabulate: (systems, predictions) => {
      const answers = systems.map(
        (system) => [system, (id: string) => predictions.get(system, id)?.text] as const,
      );
      return Promise.resolve({ tables: [vqaTable(data, used, answers)], problems: [] });
    },
  };
}
