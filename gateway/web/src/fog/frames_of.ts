import type { AnswerEvent } from "../../../src/answer_event.ts";
import type { Canvas, Change, Frame } from "./canvas.ts";

/** The event that shows how the block under way looks after a run. */
export type BlockDraft = Extract<AnswerEvent, { type: "block-draft" }>;
type DraftToken = BlockDraft["tokens"][number];

/**
 * The steps that lie between `canvas` and the draft, each with nothing but what it changed. A run may hold several
 * steps: they are told apart by the step at which each token was committed.
 */
export function framesOf(draft: BlockDraft, canvas: Canvas): readonly Frame[] {
  const { block } = draft;
  const changed = draft.tokens.filter((token) => differs(token, canvas));
  const steps = [...new Set(changed.map(({ step }) => step).filter((step) => step !== undefined))]
    .toSorted((a, b) => a - b)
    .slice(0, -1); // the last one comes with what is provisional after it
  const early = new Set(steps);
  const frames = steps.map((step, index) => ({
    block,
    forwardPasses: Math.min(canvas.forwardPasses + index + 1, draft.forward_passes),
    changes: changed.filter((token) => token.step === step).map(toChange),
  }));
  const last = changed.filter(({ step }) => step === undefined || !early.has(step)).map(toChange);
  return [...frames, { block, forwardPasses: draft.forward_passes, changes: last }];
}

function differs(token: DraftToken, { tokens }: Canvas): boolean {
  const before = tokens[token.position];
  const { text, confidence, committed } = toChange(token);
  return (
    before?.text !== text ||
    (before.state === "committed") !== committed ||
    before.confidence !== confidence
  );
}

/** Confidence in hundredths: the eye does not see more, and a kept answer is smaller. */
function toChange({ position, text, confidence, committed }: DraftToken): Change {
  return { position, text, confidence: Math.round(confidence * 100) / 100, committed };
}
