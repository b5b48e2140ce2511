import type { Dialogue } from "../dialogue.ts";
import type { Prediction } from "../prediction.ts";
import { countWords } from "../sentences.ts";
import { mean, meanPercent } from "./mean.ts";

/** What a system's answers cost. */
export type Cost = {
  readonly answers: number;
  readonly unanswered: number;
  readonly forwardPasses: number | undefined;
  readonly tokensPerForwardPass: number | undefined;
  readonly tokensPerSecond: number | undefined;
  readonly words: number | undefined;
  /** In percent, of the answers whose length was not part of the question. */
  readonly cutByLength: number | undefined;
};

/** Counts forward passes, tokens and words of one system's answers. */
export function costOf(
  dialogues: readonly Dialogue[],
  predictionOf: (id: string) => Prediction | undefined,
): Cost {
  const turns = dialogues.flatMap((dialogue) => dialogue.turns);
  const asked = turns.flatMap(({ id, genLength }) => {
    const prediction = predictionOf(id);
    return prediction === undefined ? [] : [{ prediction, hasOwnLength: genLength !== undefined }];
  });
  const answers = asked.map(({ prediction }) => prediction);
  const tokens = sum(answers.map((answer) => answer.completion_tokens));
  const passes = sum(answers.map((answer) => answer.forward_passes));
  const seconds = sum(answers.map((answer) => answer.elapsed_ms)) / 1000;
  const cut = asked
    .filter(({ hasOwnLength }) => !hasOwnLength)
    .map(({ prediction }) => (prediction.finish_reason === "length" ? 1 : 0));
  return {
    answers: answers.length,
    unanswered: turns.length - answers.length,
    forwardPasses: mean(answers.map((answer) => answer.forward_passes)),
    tokensPerForwardPass: passes > 0 ? tokens / passes : undefined,
    tokensPerSecond: seconds > 0 ? tokens / seconds : undefined,
    words: mean(answers.map(({ text }) => countWords(text))),
    cutByLength: meanPercent(cut),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
