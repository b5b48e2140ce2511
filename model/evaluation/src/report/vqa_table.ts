import { paperVqaRows, type VqaName } from "../paper_rows.ts";
import { questionScores, type ScoredQuestion, type TextOf } from "../scores/question_scores.ts";
import type { Row, Table } from "./table.ts";

/** The paper's rows and ours: both published scores, and the strict ones that the paper does not have. */
export function vqaTable(
  data: VqaName,
  questions: readonly ScoredQuestion[],
  answers: readonly (readonly [system: string, textOf: TextOf])[],
): Table {
  const open = questions.filter(({ answerType }) => answerType === "OPEN").length;
  const paper = paperVqaRows(data).map(({ model, values }): Row => ({
    name: `${model} (paper)`,
    values,
  }));
  const ours = answers.map(([name, textOf]): Row => {
    const scores = questionScores(questions, textOf);
    return {
      name: `**${name}**`,
      values: [scores.openRecall, scores.closedAccuracy, scores.openExact, scores.closedExact],
    };
  });
  return {
    title: data,
    head: "Model",
    columns: [
      { name: "open recall", digits: 2 },
      { name: "closed accuracy", digits: 2 },
      { name: "open exact", digits: 2 },
      { name: "closed exact", digits: 2 },
    ],
    rows: [...paper, ...ours],
    note: `${questions.length} questions: ${open} open, ${questions.length - open} closed. In percent; the published closed test looks for a substring, the exact ones compare whole answers.`,
  };
}
