import type { JudgeScores } from "../judge/parse_reply.ts";
import { CHAT_GROUPS, PAPER_CHAT_ROWS } from "../paper_rows.ts";
import type { ChatItem } from "../readers/llava_med_chat.ts";
import { chatScores } from "../scores/chat_scores.ts";
import type { Row, Table } from "./table.ts";

/** The paper's rows and ours, as a judge rated them against the reference answers. */
export function chatTable(
  items: readonly ChatItem[],
  systems: readonly string[],
  scoresOf: (system: string, id: string) => JudgeScores | undefined,
): Table {
  const paper = PAPER_CHAT_ROWS.map(({ model, values }): Row => ({
    name: `${model} (paper)`,
    values,
  }));
  const ours = systems.map((system): Row => {
    const scores = chatScores(items, (id) => scoresOf(system, id));
    return { name: `**${system}**`, values: CHAT_GROUPS.map((group) => scores.get(group)) };
  });
  const judged = systems.map(
    (system) => `${system} ${items.filter(({ id }) => scoresOf(system, id) !== undefined).length}`,
  );
  return {
    title: "Open-ended conversation",
    head: "Model",
    columns: CHAT_GROUPS.map((name) => ({ name, digits: 3 })),
    rows: [...paper, ...ours],
    note: `Relative to the reference answers (100 = as good), mean over the judged ones of ${items.length}: ${judged.join(", ")}. Scores of different judges do not compare.`,
  };
}
