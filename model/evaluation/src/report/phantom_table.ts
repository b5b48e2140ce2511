import { NOT_A_PHANTOM } from "@medv/phantoms/text/not_a_phantom";
import {
  DESCRIPTION_LENGTHS,
  type PhantomQuestion,
  type PhantomQuestions,
} from "../phantom_questions.ts";
import type { Prediction } from "../prediction.ts";
import { majorityAnswers } from "../scores/majority_answers.ts";
import { mean, meanPercent } from "../scores/mean.ts";
import { mixedScore, questionScores, type TextOf } from "../scores/question_scores.ts";
import { beginsWith, countWords, repeatsSentence, repeatsWord } from "../sentences.ts";
import type { Row, Table } from "./table.ts";

const MODALITIES: readonly (readonly [modality: string, name: string])[] = [
  ["chest_xray", "Chest X-ray"],
  ["mri", "MRI"],
  ["ct", "CT"],
  ["histology", "Histology"],
  ["gross", "Gross"],
];

/** One system's predictions. */
export type PredictionOf = (id: string) => Prediction | undefined;

/** Scores on drawn images, one row a score, one column a system; beside them what one scores without looking. */
export function phantomTable(
  { questions, descriptions }: PhantomQuestions,
  systems: readonly (readonly [name: string, predictionOf: PredictionOf])[],
): Table {
  const answerers: readonly TextOf[] = [
    majorityAnswers(questions),
    ...systems.map(
      ([, predictionOf]): TextOf =>
        (id) =>
          predictionOf(id)?.text,
    ),
  ];
  const row = (
    name: string,
    group: readonly PhantomQuestion[],
    score: (group: readonly PhantomQuestion[], textOf: TextOf) => number | undefined,
  ): Row => ({ name, values: [group.length, ...answerers.map((textOf) => score(group, textOf))] });

  const phantoms = questions.filter(({ isPhantom }) => isPhantom);
  const others = questions.filter(({ isPhantom }) => !isPhantom);
  const alone = phantoms.filter(({ turn }) => turn === 0);
  const closed = alone.filter(({ answerType }) => answerType === "CLOSED");
  const open = alone.filter(({ answerType }) => answerType === "OPEN");
  return {
    title: "Phantoms",
    head: "Score",
    columns: [
      { name: "questions", digits: 0 },
      { name: "majority answer", digits: 1 },
      ...systems.map(([name]) => ({ name, digits: 1 })),
    ],
    rows: [
      row("closed accuracy %", closed, (...args) => questionScores(...args).closedAccuracy),
      row("closed exact %", closed, (...args) => questionScores(...args).closedExact),
      row("open recall %", open, (...args) => questionScores(...args).openRecall),
      row("open exact %", open, (...args) => questionScores(...args).openExact),
      ...MODALITIES.map(([modality, name]) =>
        row(
          `${name} %`,
          alone.filter((question) => question.modality === modality),
          mixedScore,
        ),
      ),
      row(
        "first turns %",
        phantoms.filter(({ turn }) => turn === 1),
        mixedScore,
      ),
      row(
        "later turns %",
        phantoms.filter(({ turn }) => turn > 1),
        mixedScore,
      ),
      row("others recognized as no phantom %", others, refusals),
      row("phantoms refused %", phantoms, refusals),
      ...DESCRIPTION_LENGTHS.flatMap((length) =>
        descriptionRows(
          length,
          descriptions.filter(({ genLength }) => genLength === length).map(({ id }) => id),
          systems.map(([, predictionOf]) => predictionOf),
        ),
      ),
    ],
    note: "Closed accuracy and open recall as published, the exact rows compare whole answers. A modality's score and the turns': closed accuracy and open recall together. The majority answer is the topic's most frequent one in this file, given without looking.",
  };
}

/** How often the answer begins with the sentence that says so. */
function refusals(group: readonly PhantomQuestion[], textOf: TextOf): number | undefined {
  const values = group.flatMap(({ id }) => {
    const text = textOf(id);
    return text === undefined ? [] : [beginsWith(text, NOT_A_PHANTOM) ? 1 : 0];
  });
  return meanPercent(values);
}

function descriptionRows(
  length: number,
  ids: readonly string[],
  systems: readonly PredictionOf[],
): readonly Row[] {
  const row = (
    name: string,
    score: (answers: readonly Prediction[]) => number | undefined,
  ): Row => ({
    name: `${length} tokens: ${name}`,
    values: [
      ids.length,
      undefined,
      ...systems.map((predictionOf) => score(ids.flatMap((id) => predictionOf(id) ?? []))),
    ],
  });
  return [
    row("length filled %", (answers) =>
      meanPercent(answers.map((answer) => answer.completion_tokens / length)),
    ),
    row("within 10 % of it and no sentence twice %", (answers) =>
      meanPercent(
        answers.map(({ text, completion_tokens: tokens }) =>
          tokens >= 0.9 * length && !repeatsSentence(text) ? 1 : 0,
        ),
      ),
    ),
    row("no sentence twice %", (answers) =>
      meanPercent(answers.map(({ text }) => (repeatsSentence(text) ? 0 : 1))),
    ),
    row("no word twice in a row %", (answers) =>
      meanPercent(answers.map(({ text }) => (repeatsWord(text) ? 0 : 1))),
    ),
    row("words", (answers) => mean(answers.map(({ text }) => countWords(text)))),
  ];
}
