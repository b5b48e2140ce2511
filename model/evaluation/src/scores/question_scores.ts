import { closedHit } from "../closed_hit.ts";
import { exactMatch } from "../exact_match.ts";
import { openRecall } from "../open_recall.ts";
import { meanPercent } from "./mean.ts";

/** A question with a right answer. */
export type ScoredQuestion = {
  readonly id: string;
  readonly answer: string;
  readonly answerType: "OPEN" | "CLOSED";
};

/** A system's answer to a question; undefined where it has none. */
export type TextOf = (id: string) => string | undefined;

/** How an answer compares with the right one, from 0 to 1. */
export type Measure = (prediction: string, reference: string) => number;

/** In percent, over the questions that have an answer; undefined where there is none. */
export type QuestionScores = {
  readonly openRecall: number | undefined;
  readonly closedAccuracy: number | undefined;
  readonly openExact: number | undefined;
  readonly closedExact: number | undefined;
};

/** Both published scores and both strict ones. */
export function questionScores(
  questions: readonly ScoredQuestion[],
  textOf: TextOf,
): QuestionScores {
  const open = questions.filter(({ answerType }) => answerType === "OPEN");
  const closed = questions.filter(({ answerType }) => answerType === "CLOSED");
  return {
    openRecall: score(open, textOf, openRecall),
    closedAccuracy: score(closed, textOf, closedHit),
    openExact: score(open, textOf, exactMatch),
    closedExact: score(closed, textOf, exactMatch),
  };
}

/** The published score of questions of both kinds together: hits of the closed ones, recall of the open ones. */
export function mixedScore(
  questions: readonly ScoredQuestion[],
  textOf: TextOf,
): number | undefined {
  const values = questions.flatMap(({ id, answer, answerType }) => {
    const text = textOf(id);
    if (text === undefined) return [];
    return [answerType === "CLOSED" ? closedHit(text, answer) : openRecall(text, answer)];
  });
  return meanPercent(values);
}

function score(
  questions: readonly ScoredQuestion[],
  textOf: TextOf,
  measure: Measure,
): number | undefined {
  const values = questions.flatMap(({ id, answer }) => {
    const text = textOf(id);
    return text === undefined ? [] : [measure(text, answer)];
  });
  return meanPercent(values);
}
