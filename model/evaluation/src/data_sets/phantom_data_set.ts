import { phantomQuestions } from "../phantom_questions.ts";
import { readPhantoms } from "../readers/phantoms.ts";
import { phantomTable } from "../report/phantom_table.ts";
import type { DataSet } from "./data_set.ts";

/**
 * Drawn images: questions, dialogues and descriptions.
 *
 * @param limit How many images, not questions.
 */
export async function phantomDataSet(path: string, limit: number | undefined): Promise<DataSet> {
  const { items, ...read } = await readPhantoms(path);
  const questions = phantomQuestions(items.slice(0, limit));
  return {
    ...read,
    dialogues: questions.dialogues,
    tabulate: (systems, predictions) => {
      const answers = systems.map(
        (system) => [system, (id: string) => predictions.get(system, id)] as const,
      );
      return Promise.resolve({ tables: [phantomTable(questions, answers)], problems: [] });
    },
  };
}
