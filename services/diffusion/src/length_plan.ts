import type { TemplatePart } from "./template.ts";

/** How an answer comes to its length. */
export type LengthPlan =
  /** The canvas is as long as it will ever be. */
  { readonly type: "fixed" } | AdaptiveLength | WordsLength | TemplateLength;

/** The canvas starts short and grows by a block while the answer does not surely end in it. */
export type AdaptiveLength = {
  readonly type: "adaptive";
  readonly startLength: number;
  readonly eotId: number;
};

/** The answer's words are counted when it is whole; where they are too few or too many its end is written again. */
export type WordsLength = {
  readonly type: "words";
  /** How many are asked for. */
  readonly words: number;
  readonly startLength: number;
  /** Positions from the start that are never written again. */
  readonly kept: number;
  readonly countWords: (ids: Int32Array) => number;
};

/** Some of the answer is given. Choices are made from the front, each when all before it is filled, and are given then. */
export type TemplateLength = { readonly type: "template"; readonly parts: readonly TemplatePart[] };
