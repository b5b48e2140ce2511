import type { AnswerEvent } from "../../../src/answer_event.ts";

/** One place of the answer as the model sees it at a moment. */
export type FogToken = {
  /** What stands or may come to stand there; empty while nothing is predicted. */
  readonly text: string;
  /** Probability that the model gives to it, 0 to 1. */
  readonly confidence: number;
  /** Text of a template is given: it was never covered. */
  readonly state: "covered" | "draft" | "committed" | "given";
  /** It was committed once and was covered again; it may have been committed anew in the same run. */
  readonly revised: boolean;
};

/** The whole answer at a moment. */
export type Canvas = {
  readonly tokens: readonly FogToken[];
  readonly blockLength: number;
  /** The block under way, from 0. */
  readonly block: number;
  /** Its first position and the one after its last; both 0 before the first step. */
  readonly from: number;
  readonly to: number;
  readonly forwardPasses: number;
};

/** What became of one place. */
export type Change = {
  readonly position: number;
  readonly text: string;
  readonly confidence: number;
  readonly committed: boolean;
};

/** What changed in one denoise step. */
export type Frame = {
  readonly block: number;
  readonly from: number;
  readonly to: number;
  readonly forwardPasses: number;
  readonly changes: readonly Change[];
  /** How long the canvas is, where anything behind the block changed: it moved, or was covered again. */
  readonly length?: number;
};

/** What the event that begins an answer says of its canvas. */
type CanvasStart = Readonly<
  Pick<
    Extract<AnswerEvent, { type: "answer-start" }>,
    "gen_length" | "block_length" | "canvas_length" | "given"
  >
>;

const COVERED: FogToken = { text: "", confidence: 0, state: "covered", revised: false };

/** The answer before its first step: covered but for what is given. */
export function firstCanvas(start: CanvasStart): Canvas {
  const { gen_length: longest, canvas_length: length = longest, given = [] } = start;
  const tokens = covered(length);
  for (const { position, text } of given) {
    tokens[position] = { text, confidence: 1, state: "given", revised: false };
  }
  return { tokens, blockLength: start.block_length, block: 0, from: 0, to: 0, forwardPasses: 0 };
}

/** The canvas after a step. */
export function applyFrame(canvas: Canvas, frame: Frame): Canvas {
  const { changes, length, ...step } = frame;
  const tokens =
    length === undefined ? [...canvas.tokens] : withTail(canvas.tokens, frame.to, length);
  for (const { position, text, confidence, committed } of changes) {
    const before = tokens[position];
    if (before === undefined) continue;
    const state = committed ? "committed" : "draft";
    const isOther = state === "draft" || text !== before.text;
    const revised = before.revised || (before.state === "committed" && isOther);
    tokens[position] = { text, confidence, state, revised };
  }
  return { ...canvas, ...step, tokens };
}

/** Whether a place behind the block is as it must be: covered, or given. */
export function isUntouched({ state }: FogToken): boolean {
  return state === "covered" || state === "given";
}

/** Whether a token is one of those that end an answer. */
export function isEndMark(text: string): boolean {
  return /^<\|.*\|>$/.test(text);
}

/** How many tokens the answer has: what stands behind its first certain end mark is no part of it, nor is the mark. */
export function answerLength({ tokens }: Canvas): number {
  const end = tokens.findIndex(({ text, state }) => state === "committed" && isEndMark(text));
  return end < 0 ? tokens.length : end;
}

/** How many of the answer's tokens are clear. */
export function clearCount(canvas: Canvas): number {
  const tokens = canvas.tokens.slice(0, answerLength(canvas));
  return tokens.filter(({ state }) => state === "committed" || state === "given").length;
}

/** Mean confidence at which the first `count` tokens were committed; undefined where there are none. */
export function meanConfidence({ tokens }: Canvas, count: number): number | undefined {
  const committed = tokens.slice(0, count).filter(({ state }) => state === "committed");
  if (committed.length === 0) return undefined;
  return committed.reduce((sum, { confidence }) => sum + confidence, 0) / committed.length;
}

/** What stands behind `from` moves up where the canvas became shorter, and is covered again unless it is given. */
function withTail(tokens: readonly FogToken[], from: number, length: number): FogToken[] {
  const surplus = Math.max(0, tokens.length - length);
  const tail = tokens.slice(from + surplus).map((token): FogToken => {
    if (isUntouched(token)) return token;
    return { ...COVERED, revised: token.revised || token.state === "committed" };
  });
  return [...tokens.slice(0, from), ...tail, ...covered(length - tokens.length)];
}

function covered(length: number): FogToken[] {
  return Array.from({ length: Math.max(0, length) }, () => COVERED);
}
