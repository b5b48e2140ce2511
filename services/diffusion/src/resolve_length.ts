import type { Tokenizer } from "@medv/model/tokenizer";
import { Remasking, type GenerationSettings } from "@medv/proto/diffusion";
import type { DenoiseSettings } from "./denoise_settings.ts";
import { contradiction, invalid, within } from "./setting_error.ts";
import { parseTemplate, widthOfAll } from "./template.ts";
import { countWords, tokensPerWord } from "./words.ts";

/** Longest answer that is taken, whatever the context would allow. */
export const MAX_GEN_LENGTH = 4096;

/** What of an answer's settings is about its length. */
export type ResolvedLength = Pick<
  DenoiseSettings,
  "genLength" | "minTokens" | "suffixIds" | "plan"
>;

/** How much longer than estimated an answer of so many words may become. */
const WORDS_ROOM = 1.5;

/** Positions of such an answer that are given out before it is whole, as a share of the estimate. */
const WORDS_KEPT = 0.5;

/**
 * Decides how long an answer is, or how it comes to its length.
 *
 * @param defaultLength Tokens, where the request says nothing.
 * @throws {DomainError} `invalid_setting`, naming the fields, when a value is out of range or two do not fit together.
 */
export function resolveLength(
  settings: GenerationSettings | undefined,
  tokenizer: Pick<Tokenizer, "encodeText" | "decode" | "special">,
  defaultLength: number,
): ResolvedLength {
  refuseContradictions(settings);
  const { special } = tokenizer;
  if (settings?.template !== undefined) return templateLength(settings.template, tokenizer);
  if (settings?.words !== undefined) return wordsLength(settings.words, tokenizer);
  const isBound = settings?.maxTokens !== undefined;
  const genLength = isBound
    ? within("max_tokens", settings.maxTokens ?? 0, 1, MAX_GEN_LENGTH)
    : within("gen_length", settings?.genLength ?? defaultLength, 1, MAX_GEN_LENGTH);
  const startLength = within("start_length", settings?.startLength ?? genLength, 1, genLength);
  return {
    genLength,
    minTokens: within("min_tokens", settings?.minTokens ?? 0, 0, genLength),
    suffixIds: isBound
      ? [special.eot]
      : settings?.suffix === undefined
        ? []
        : tokenizer.encodeText(settings.suffix),
    plan:
      startLength < genLength
        ? { type: "adaptive", startLength, eotId: special.eot }
        : { type: "fixed" },
  };
}

/** As many tokens as the words are expected to take, all of them before the end; corrected when they are there. */
function wordsLength(
  asked: number,
  tokenizer: Pick<Tokenizer, "encodeText" | "decode" | "special">,
): ResolvedLength {
  const perWord = tokensPerWord(tokenizer);
  const words = within("words", asked, 1, Math.floor(MAX_GEN_LENGTH / (perWord * WORDS_ROOM)) - 1);
  const startLength = Math.round(words * perWord);
  const genLength = Math.ceil(startLength * WORDS_ROOM) + 1;
  return {
    genLength,
    minTokens: genLength,
    suffixIds: [tokenizer.special.eot],
    plan: {
      type: "words",
      words,
      startLength,
      kept: Math.floor(startLength * WORDS_KEPT),
      countWords: (ids) => countWords(tokenizer.decode(ids)),
    },
  };
}

/** As long as the template with the longest choices; it ends after its last given text, or in the gap behind that. */
function templateLength(
  text: string,
  tokenizer: Pick<Tokenizer, "encodeText" | "special">,
): ResolvedLength {
  const parts = parseTemplate(text, tokenizer, MAX_GEN_LENGTH);
  const genLength = widthOfAll(parts);
  if (genLength > MAX_GEN_LENGTH) {
    throw invalid(
      "template",
      `Cannot use the template as it may have ${MAX_GEN_LENGTH} tokens: it has ${genLength}`,
    );
  }
  const last = parts.at(-1);
  const openEnd = last?.type === "gap" ? last.tokens : 0;
  return {
    genLength,
    minTokens: genLength - openEnd,
    suffixIds: openEnd > 0 ? [] : [tokenizer.special.eot],
    plan: { type: "template", parts },
  };
}

/** Fields that exclude each other. */
const CONTRADICTIONS = [
  [
    "template",
    ["gen_length", "min_tokens", "max_tokens", "start_length", "words", "suffix", "stop", "steps"],
    "a template is the whole answer",
  ],
  [
    "words",
    ["gen_length", "min_tokens", "max_tokens", "start_length", "suffix", "steps"],
    "words decide the length and what follows",
  ],
  ["max_tokens", ["gen_length", "start_length"], "either is the length of the canvas"],
  ["max_tokens", ["suffix"], "an end stands behind the answer"],
  ["start_length", ["remasking"], "random places know no confidence in an end"],
] as const;

function refuseContradictions(settings: GenerationSettings | undefined): void {
  const isGiven = {
    gen_length: settings?.genLength !== undefined,
    min_tokens: settings?.minTokens !== undefined,
    max_tokens: settings?.maxTokens !== undefined,
    start_length: settings?.startLength !== undefined,
    suffix: settings?.suffix !== undefined,
    stop: (settings?.stop.length ?? 0) > 0,
    template: settings?.template !== undefined,
    words: settings?.words !== undefined,
    steps: settings?.steps !== undefined,
    remasking: settings?.remasking === Remasking.RANDOM,
  };
  for (const [field, others, why] of CONTRADICTIONS) {
    for (const other of others) {
      if (isGiven[field] && isGiven[other]) throw contradiction(field, other, why);
    }
  }
}
