import { setTimeout as pause } from "node:timers/promises";
import type { Script } from "@medv/gateway/testing/scripted_gateway";
import { FinishReason, Profile } from "@medv/proto/diffusion";

/** What is given of the answer: its first words, those between the gaps, and the point at its end. */
export const TEMPLATE = "FINDINGS: {{4}} SIDE: {{left|on both sides}}.";
const GIVEN = [
  { position: 0, text: "FIND" },
  { position: 1, text: "INGS" },
  { position: 2, text: ":" },
  { position: 7, text: " SIDE" },
  { position: 8, text: ":" },
  { position: 12, text: "." },
];
const GAP = [" clear", " lungs", " and", " heart"];
const GAP_START = 3;
const CHOICE_START = 9;

/** Tokens before the choice is made, and after it: "left" is two shorter than its gap. */
export const TEMPLATE_LENGTHS = { before: 13, after: 11 } as const;

/**
 * A decoder that fills {@link TEMPLATE} as the real one would: the gap word by word, then the choice.
 *
 * @param runMs Wait before each run, in milliseconds.
 */
export function scriptedTemplate(runMs: number): Script {
  return async function* script(_request, { signal }) {
    const start = {
      promptTokens: 40,
      imageRows: 4,
      profile: Profile.EXACT,
      genLength: TEMPLATE_LENGTHS.before,
      blockLength: TEMPLATE_LENGTHS.before,
      canvasLength: TEMPLATE_LENGTHS.before,
      given: GIVEN,
      seed: 5n,
    };
    yield { event: { case: "answerStart", value: start } };
    const givenFront = GIVEN.filter(({ position }) => position < CHOICE_START).map((token) => ({
      ...token,
      confidence: 1,
      committed: true,
    }));
    for (let run = 1; run <= GAP.length; run++) {
      await pause(runMs, undefined, { signal });
      const gap = GAP.map((text, index) => ({
        position: GAP_START + index,
        text,
        confidence: 0.6,
        committed: index < run,
        ...(index < run && { step: index }),
      }));
      const tokens = [...givenFront, ...gap].toSorted((a, b) => a.position - b.position);
      const canvasLength = TEMPLATE_LENGTHS.before;
      yield draft({ forwardPasses: run, canvasLength, tokens });
    }
    yield delta("FINDINGS: clear lungs and heart SIDE:");
    await pause(runMs, undefined, { signal });
    const left = {
      position: CHOICE_START,
      text: " left",
      confidence: 0.7,
      committed: true,
      step: 4,
    };
    yield draft({ forwardPasses: 6, canvasLength: TEMPLATE_LENGTHS.after, tokens: [left] });
    await pause(runMs, undefined, { signal });
    yield delta(" left.");
    const value = {
      finishReason: FinishReason.STOP,
      completionTokens: TEMPLATE_LENGTHS.after,
      forwardPasses: 6,
      decodeMs: 60,
    };
    yield { event: { case: "answerEnd", value } };
  };
}

type Drafted = {
  readonly forwardPasses: number;
  readonly canvasLength: number;
  readonly tokens: {
    readonly position: number;
    readonly text: string;
    readonly confidence: number;
    readonly committed: boolean;
  }[];
};

function draft(value: Drafted) {
  return { event: { case: "blockDraft", value: { block: 0, ...value } } } as const;
}

function delta(text: string) {
  return { event: { case: "textDelta", value: { text } } } as const;
}
