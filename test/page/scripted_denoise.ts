import { setTimeout as pause } from "node:timers/promises";
import type { Script } from "@medv/gateway/testing/scripted_gateway";
import { FinishReason, Profile } from "@medv/proto/diffusion";

export type ScriptedDenoise = {
  /** The answer's tokens, each with the space before it. */
  readonly tokens: readonly string[];
  readonly blockLength: number;
  /** Tokens committed in a step. */
  readonly perStep: number;
  /** The surest token of the first block is covered again after the third run. */
  readonly revises: boolean;
  /** Wait before each run, in milliseconds. */
  readonly runMs: number;
};

/**
 * A decoder that uncovers a known answer as the real one would: block by block, the sure tokens first. With the `prefix`
 * profile a run holds two steps.
 */
export function scriptedDenoise(options: ScriptedDenoise): Script {
  const { tokens, blockLength, perStep, runMs } = options;
  return async function* script(request, { signal }) {
    const profile = request.settings?.profile === Profile.PREFIX ? Profile.PREFIX : Profile.EXACT;
    const stepsOfRun = profile === Profile.PREFIX ? 2 : 1;
    const start = {
      promptTokens: 40,
      imageRows: request.images.length * 4,
      profile,
      genLength: tokens.length,
      blockLength,
      steps: Math.ceil(tokens.length / perStep),
      seed: 5n,
    };
    yield { event: { case: "answerStart", value: start } };
    const steppedAt = new Map<number, number>();
    let told = 0;
    let step = 0;
    let runs = 0;
    for (let block = 0; block * blockLength < tokens.length; block++) {
      const places = tokens
        .map((_, place) => place)
        .slice(block * blockLength, (block + 1) * blockLength);
      const order = places.toSorted((a, b) => sureness(b) - sureness(a));
      while (places.some((place) => !steppedAt.has(place))) {
        await pause(runMs, undefined, { signal });
        for (let inner = 0; inner < stepsOfRun; inner++, step++) {
          const open = order.filter((place) => !steppedAt.has(place));
          for (const place of open.slice(0, perStep)) steppedAt.set(place, step);
        }
        runs += 1;
        if (runs === 3 && options.revises) steppedAt.delete(order[0] ?? 0);
        yield {
          event: {
            case: "blockDraft",
            value: {
              block,
              forwardPasses: step,
              revisions: options.revises && runs >= 3 ? 1 : 0,
              tokens: places.map((position) => draft(position, tokens, steppedAt, step)),
            },
          },
        };
        let end = told;
        while (steppedAt.has(end)) end += 1;
        const isSure = !options.revises || runs > 3;
        if (end > told && isSure) {
          const text = tokens.slice(told, end).filter((token) => token !== END);
          yield { event: { case: "textDelta", value: { text: text.join("") } } };
          told = end;
        }
      }
    }
    const value = {
      finishReason: FinishReason.STOP,
      completionTokens: tokens.filter((token) => token !== END).length,
      forwardPasses: step,
      revisions: options.revises ? 1 : 0,
      queueMs: 1,
      embeddingMs: 2,
      decodeMs: step * 12,
    };
    yield { event: { case: "answerEnd", value } };
  };
}

const END = "<|eot_id|>";

/** What the page shows in the pictures. */
export const CHEST_TOKENS = [
  "This",
  " is",
  " a",
  " chest",
  " X",
  "-ray",
  " with",
  " a",
  " large",
  " nod",
  "ule",
  " and",
  " a",
  " moderate",
  " eff",
  "usion",
  ",",
  " both",
  " on",
  " the",
  " left",
  " side",
  ".",
  " The",
  " heart",
  " is",
  " of",
  " normal",
  " size",
  ".",
  " There",
  " is",
  " no",
  " pneum",
  "oth",
  "orax",
  ",",
  " and",
  " no",
  " consolid",
  "ation",
  " is",
  " seen",
  " in",
  " either",
  " lung",
  ".",
  END,
] as const;

/** Some words are surer than others, and the same in each run. */
function sureness(place: number): number {
  return ((place * 7919 + 13) % 97) / 97;
}

function draft(
  position: number,
  tokens: readonly string[],
  steppedAt: ReadonlyMap<number, number>,
  step: number,
) {
  const at = steppedAt.get(position);
  const text = tokens[position] ?? "";
  if (at !== undefined) {
    return {
      position,
      text,
      confidence: 0.55 + 0.45 * sureness(position),
      committed: true,
      step: at,
    };
  }
  const confidence = Math.min(0.9, 0.05 + sureness(position) * 0.4 + step * 0.02);
  // What it first thinks is often the commonest word.
  return { position, text: confidence < 0.25 ? " the" : text, confidence, committed: false };
}
