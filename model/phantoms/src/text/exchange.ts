import type { Random } from "../random.ts";

/** `concise` answers in a word or two, as the VQA data sets do; `sentence` as people talk. */
export type Style = "concise" | "sentence";

export type Topic =
  | "modality"
  | "region"
  | "normal"
  | "presence"
  | "kind"
  | "side"
  | "count"
  | "size"
  | "severity"
  | "second finding";

/** A question and its answer. */
export type Exchange = {
  readonly question: string;
  readonly answer: string;
  readonly answerType: "OPEN" | "CLOSED";
  readonly topic: Topic;
};

/** Everything that an {@link Exchange} can be phrased from. */
export type Prompt = {
  readonly topic: Topic;
  readonly questions: readonly string[];
  /** The concise answer. A closed question's is yes or no. */
  readonly short: string;
  /** Whole sentences that say the same. */
  readonly long: readonly string[];
};

/** The hints by which evaluations of VQA ask for short answers; the second is LLaVA-Med's for closed questions. */
const CONCISE_HINT = "Answer concisely.";
const OPTIONS_HINT = "Please choose from the following two options: [yes, no].";

/** Picks a phrasing. */
export function phrase(prompt: Prompt, random: Random, style: Style): Exchange {
  const { topic, short } = prompt;
  const question = random.pick(prompt.questions);
  const answerType = short === "yes" || short === "no" ? "CLOSED" : "OPEN";
  if (style === "sentence") {
    return { question, answer: random.pick(prompt.long), answerType, topic };
  }
  const hint = answerType === "CLOSED" && random.chance(0.3) ? OPTIONS_HINT : CONCISE_HINT;
  return { question: `${question} ${hint}`, answer: short, answerType, topic };
}
