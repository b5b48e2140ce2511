import type { AnswerEvent } from "../../../src/answer_event.ts";
import { type Canvas, type Change, type Frame, isUntouched } from "./canvas.ts";

/** The event that shows how the block under way looks after a run. */
export type BlockDraft = Extract<AnswerEvent, { type: "block-draft" }>;
type DraftToken = BlockDraft["tokens"][number];

/** What became of a place, and at which step, where that is known. */
type Moment = { readonly step: number | undefined; readonly change: Change };

/**
 * The steps that lie between `canvas` and the draft, each with nothing but what it changed. A run may hold several
 * steps: they are told apart by the steps at which each token was committed or covered again.
 */
export function framesOf(draft: BlockDraft, canvas: Canvas): readonly Frame[] {
  const block = {
    block: draft.block,
    from: draft.tokens.at(0)?.position ?? canvas.from,
    to: (draft.tokens.at(-1)?.position ?? canvas.to - 1) + 1,
  };
  const moments = draft.tokens.flatMap((token) => momentsOf(token, canvas));
  const steps = [...new Set(moments.map(({ step }) => step).filter((step) => step !== undefined))]
    .toSorted((a, b) => a - b)
    .slice(0, -1); // the last one comes with what is provisional after it
  const early = new Set(steps);
  // What moved or was covered again did so before the first of them.
  const tail = tailOf(draft, block.to, canvas);
  const frames = steps.map((step, index) => ({
    ...block,
    ...(index === 0 && tail),
    forwardPasses: step + 1,
    changes: moments.filter((moment) => moment.step === step).map(({ change }) => change),
  }));
  const last = moments.filter(({ step }) => step === undefined || !early.has(step));
  return [
    ...frames,
    {
      ...block,
      ...(frames.length === 0 && tail),
      forwardPasses: draft.forward_passes,
      changes: last.map(({ change }) => change),
    },
  ];
}

/** The canvas's length, where what stands behind the block is not what stood there before. */
function tailOf(
  { canvas_length: length }: BlockDraft,
  end: number,
  { tokens }: Canvas,
): Pick<Frame, "length"> {
  if (length === undefined) return {};
  const isSame = length === tokens.length && tokens.slice(end).every(isUntouched);
  return isSame ? {} : { length };
}

/** What a place went through, in order: a token that was covered again stays to be seen under thick fog. */
function momentsOf(token: DraftToken, canvas: Canvas): readonly Moment[] {
  const now = { step: token.step, change: toChange(token) };
  const { covered_again: lost } = token;
  if (lost === undefined) return differs(now.change, canvas) ? [now] : [];
  const stood = toChange({ ...lost, position: token.position, committed: true });
  const covered = { ...stood, confidence: 0, committed: false };
  return [
    ...(differs(stood, canvas) ? [{ step: lost.step, change: stood }] : []),
    { step: lost.covered_step, change: covered },
    now,
  ];
}

function differs({ position, text, confidence, committed }: Change, { tokens }: Canvas): boolean {
  const before = tokens[position];
  if (before?.state === "given") return before.text !== text;
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
