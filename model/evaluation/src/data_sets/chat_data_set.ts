import { judgeAnswers, type JudgeOptions } from "../judge/judge_answers.ts";
import { readLlavaMedChat } from "../readers/llava_med_chat.ts";
import { chatTable } from "../report/chat_table.ts";
import type { DataSet } from "./data_set.ts";

/** LLaVA-Med's open-ended conversation, which a judge scores. */
export async function chatDataSet(
  path: string,
  limit: number | undefined,
  judging: Omit<JudgeOptions, "systems">,
): Promise<DataSet> {
  const { items, ...read } = await readLlavaMedChat(path);
  const used = items.slice(0, limit);
  return {
    ...read,
    dialogues: used.map(({ id, image, question }) => ({ image, turns: [{ id, question }] })),
    tabulate: async (systems, predictions, signal) => {
      const options = { ...judging, systems };
      const { scoresOf, problems } = await judgeAnswers(used, predictions, options, signal);
      return { tables: [chatTable(used, systems, scoresOf)], problems };
    },
  };
}
