/** One place of the answer as the model sees it at a moment. */
export type FogToken = {
  /** What stands or may come to stand there; empty while nothing is predicted. */
  readonly text: string;
  /** Probability that the model gives to it, 0 to 1. */
  readonly confidence: number;
  readonly state: "covered" | "draft" | "committed";
  /** It was committed once and was covered again. */
  readonly revised: boolean;
};

/** The whole answer at a moment. */
export type Canvas = {
  readonly tokens: readonly FogToken[];
  /** The block under way, from 0. */
  readonly block: number;
  readonly blockLength: number;
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
  readonly forwardPasses: number;
  readonly changes: readonly Change[];
};

/** An answer of `length` tokens of which nothing is known. */
export function coveredCanvas(length: number, blockLength: number): Canvas {
  const covered: FogToken = { text: "", confidence: 0, state: "covered", revised: false };
  return { tokens: Array.from({ length }, () => covered), block: 0, blockLength, forwardPasses: 0 };
}

/** The canvas after a step. */
export function applyFrame(canvas: Canvas, { block, forwardPasses, changes }: Frame): Canvas {
  const tokens = [...canvas.tokens];
  for (const { position, text, confidence, committed } of changes) {
    const before = tokens[position];
    if (before === undefined) continue;
    const state = committed ? "committed" : "draft";
    const revised = before.revised || (before.state === "committed" && state === "draft");
    tokens[position] = { text, confidence, state, revised };
  }
  return { ...canvas, tokens, block, forwardPasses };
}

/** Mean confidence at which the first `count` tokens were committed; undefined where there are none. */
export function meanConfidence({ tokens }: Canvas, count: number): number | undefined {
  const committed = tokens.slice(0, count).filter(({ state }) => state === "committed");
  if (committed.length === 0) return undefined;
  return committed.reduce((sum, { confidence }) => sum + confidence, 0) / committed.length;
}
