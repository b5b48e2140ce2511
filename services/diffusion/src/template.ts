import { DomainError } from "@medv/proto";
import type { Tokenizer } from "@medv/model/tokenizer";

/** A canvas of which some is given: fixed text with gaps to fill, and gaps that one of a few choices fills. */
export type Template = {
  readonly parts: readonly TemplatePart[];
};

export type TemplatePart =
  | { readonly type: "fixed"; readonly ids: readonly number[] }
  /** So many tokens, whatever they are. */
  | { readonly type: "gap"; readonly tokens: number }
  /** One of these, whole. */
  | { readonly type: "choice"; readonly options: readonly (readonly number[])[] };

/** The canvas that a template gives, once every choice is made. */
export type TemplateCanvas = {
  readonly genLength: number;
  /** Tokens that are given, by position. */
  readonly fixed: ReadonlyMap<number, number>;
  /** The answer does not end before: what is given comes first. */
  readonly minTokens: number;
};

const GAP = /\{\{([^{}]*)\}\}/g;

/**
 * Reads `FINDINGS: {{48}} SIDE: {{left|right}}`: a number is a gap of so many tokens, words between bars are choices.
 *
 * @throws {DomainError} `invalid_setting` for a gap that is neither, or a template without one.
 */
export function parseTemplate(text: string, { encodeText }: Encoder): Template {
  const parts: TemplatePart[] = [];
  let end = 0;
  const fixed = (piece: string): void => {
    if (piece !== "") parts.push({ type: "fixed", ids: encodeText(piece) });
  };
  for (const { 0: whole, 1: content = "", index } of text.matchAll(GAP)) {
    fixed(text.slice(end, index));
    parts.push(readGap(content, encodeText));
    end = index + whole.length;
  }
  fixed(text.slice(end));
  if (parts.every(({ type }) => type === "fixed")) {
    throw invalid("Cannot use the template as it has no gap", "write {{16}} or {{left|right}}");
  }
  return { parts };
}

type Encoder = Pick<Tokenizer, "encodeText">;

/**
 * The canvas of a template.
 *
 * @param choices Option of each choice from the front; a choice without one is a gap as wide as its first option.
 * @param eot Ends a template whose last part is given, so that the answer ends there too.
 */
export function templateCanvas(
  { parts }: Template,
  choices: readonly number[],
  eot: number,
): TemplateCanvas {
  const fixed = new Map<number, number>();
  let position = 0;
  let minTokens = 0;
  let choice = 0;
  const write = (ids: readonly number[]): void => {
    for (const id of ids) fixed.set(position++, id);
    minTokens = position;
  };
  for (const part of parts) {
    if (part.type === "fixed") write(part.ids);
    else if (part.type === "gap") position += part.tokens;
    else {
      const made = choices[choice++];
      const option = part.options[made ?? 0] ?? [];
      if (made === undefined) position += option.length;
      else write(option);
    }
  }
  if (parts.at(-1)?.type !== "gap") write([eot]);
  return { genLength: position, fixed, minTokens };
}

function readGap(content: string, encodeText: Encoder["encodeText"]): TemplatePart {
  if (/^\d+$/.test(content) && Number(content) > 0) {
    return { type: "gap", tokens: Number(content) };
  }
  const options = content.split("|");
  if (options.length < 2 || options.some((option) => option === "")) {
    throw invalid(
      `Cannot use the template as a gap must be a number of tokens or choices: one has ${content.length} characters`,
      "write {{16}} or {{left|right}}",
    );
  }
  return { type: "choice", options: options.map((option) => encodeText(option)) };
}

function invalid(message: string, hint: string): DomainError {
  return new DomainError("invalid_setting", message, { field: "diffusion.template", hint });
}
