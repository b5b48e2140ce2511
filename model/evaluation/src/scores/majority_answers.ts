import type { ScoredQuestion, TextOf } from "./question_scores.ts";

/** A question and what it is about. */
export type TopicQuestion = ScoredQuestion & {
  readonly question: string;
  readonly topic: string | undefined;
};

/**
 * What somebody would answer who knows the data set's answers but never looks: the most frequent answer of the topic, or
 * of the same question where it has none; closed and open apart. Of equally frequent ones the first.
 */
export function majorityAnswers(questions: readonly TopicQuestion[]): TextOf {
  const counts = new Map<string, Map<string, number>>();
  for (const question of questions) {
    const key = keyOf(question);
    const answers = counts.get(key) ?? new Map<string, number>();
    answers.set(question.answer, (answers.get(question.answer) ?? 0) + 1);
    counts.set(key, answers);
  }
  const answerOf = new Map<string, string>();
  for (const question of questions) {
    const answers = counts.get(keyOf(question)) ?? new Map<string, number>();
    const most = Math.max(...answers.values());
    const [first] = [...answers].find(([, count]) => count === most) ?? [question.answer];
    answerOf.set(question.id, first);
  }
  return (id) => answerOf.get(id);
}

function keyOf({ answerType, topic, question }: TopicQuestion): string {
  return JSON.stringify([answerType, topic ?? question, topic === undefined]);
}
