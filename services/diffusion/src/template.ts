import type { Tokenizer } from "@medv/model/tokenizer";
import { invalid, within } from "./setting_error.ts";

/** A piece of an answer of which some is given. */
export type TemplatePart =
  | { readonly type: "fixed"; readonly ids: readonly number[] }
  /** So many tokens, whatever they are. */
  | { readonly type: "gap"; readonly tokens: number }
  | ChoiceGap;

/** One of these, whole. */
export type ChoiceGap = {
  readonly type: "choice";
  readonly options: readonly (readonly number[])[];
};

const GAP = /\{\{([^{}]*)\}\}/g;

/** Most choices for one gap: each takes a row of a run. */
const MAX_OPTIONS = 32;

/**
 * Reads `FINDINGS: {{48}} SIDE: {{left|right}}`: a number is a gap of so many tokens, words between bars are choices.
 *
 * @param longest Tokens that a gap may have at most.
 * @throws {DomainError} `invalid_setting` for a gap that is neither, too many choices, or a template without a gap.
 */
export function parseTemplate(
  text: string,
  { encodeText }: Pick<Tokenizer, "encodeText">,
  longest: number,
): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let end = 0;
  const fixed = (piece: string): void => {
    if (piece !== "") parts.push({ type: "fixed", ids: encodeText(piece) });
  };
  for (const { 0: whole, 1: content = "", index } of text.matchAll(GAP)) {
    const before = text.slice(end, index);
    end = index + whole.length;
    if (/^\d+$/.test(content)) {
      fixed(before);
      parts.push({ type: "gap", tokens: within("template", Number(content), 1, longest) });
      continue;
    }
    // A space belongs to the token of the word after it.
    const stem = before.trimEnd();
    fixed(stem);
    const options = readOptions(content).map((option) =>
      encodeText(before.slice(stem.length) + option),
    );
    parts.push({ type: "choice", options });
  }
  fixed(text.slice(end));
  if (parts.every(({ type }) => type === "fixed")) {
    throw invalid(
      "template",
      "Cannot use the template as it must have a gap",
      "write {{16}} or {{left|right}}",
    );
  }
  return parts;
}

/** Tokens that a part takes; a choice as many as its longest option. */
export function widthOf(part: TemplatePart): number {
  switch (part.type) {
    case "fixed":
      return part.ids.length;
    case "gap":
      return part.tokens;
    case "choice":
      return Math.max(...part.options.map(({ length }) => length));
    default:
      return part satisfies never;
  }
}

/** Tokens that some parts take together. */
export function widthOfAll(parts: readonly TemplatePart[]): number {
  return parts.reduce((sum, part) => sum + widthOf(part), 0);
}

function readOptions(content: string): readonly string[] {
  const options = content.split("|");
  if (options.length < 2 || options.some((option) => option.trim() === "")) {
    throw invalid(
      "template",
      `Cannot use the template as a gap must be a number of tokens or choices: one has ${content.length} characters`,
      "write {{16}} or {{left|right}}",
    );
  }
  if (options.length > MAX_OPTIONS) {
    throw invalid(
      "template",
      `Cannot use the template as a gap may have ${MAX_OPTIONS} choices: one has ${options.length}`,
    );
  }
  return options;
}
