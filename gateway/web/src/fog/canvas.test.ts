import { expect, test } from "vitest";
import {
  answerLength,
  applyFrame,
  type Canvas,
  clearCount,
  firstCanvas,
  meanConfidence,
} from "./canvas.ts";
import { framesOf } from "./frames_of.ts";

type Token = Omit<Parameters<typeof framesOf>[0]["tokens"][number], "position">;

function draft(forwardPasses: number, tokens: readonly Token[]) {
  return {
    type: "block-draft" as const,
    choice: 0,
    block: 0,
    forward_passes: forwardPasses,
    revisions: 0,
    tokens: tokens.map((token, position) => ({ position, ...token })),
  };
}

function coveredCanvas(length: number): Canvas {
  return firstCanvas({ gen_length: length, block_length: length });
}

const sure = { text: "a", confidence: 0.9, committed: true, step: 0 };
const open = { text: "b", confidence: 0.2, committed: false };

test("framesOf() keeps only what changed", () => {
  const canvas = coveredCanvas(2);
  const [first] = framesOf(draft(1, [sure, open]), canvas);
  expect(first?.changes).toHaveLength(2);
  if (first === undefined) throw new Error("no frame");
  const [second] = framesOf(
    draft(2, [sure, { ...open, confidence: 0.4 }]),
    applyFrame(canvas, first),
  );
  expect(second?.changes).toEqual([{ position: 1, text: "b", confidence: 0.4, committed: false }]);
});

test("framesOf() tells the steps of one run apart, provisional tokens last", () => {
  const tokens = [sure, { ...sure, step: 1 }, { ...sure, step: 2 }, open];
  const frames = framesOf(draft(3, tokens), coveredCanvas(4));
  expect(frames.map(({ changes }) => changes.map(({ position }) => position))).toEqual([
    [0],
    [1],
    [2, 3],
  ]);
  expect(frames.map(({ forwardPasses }) => forwardPasses)).toEqual([1, 2, 3]);
});

test("applyFrame() marks a token that is covered again, and leaves it marked", () => {
  let canvas = coveredCanvas(1);
  for (const token of [sure, open, { ...sure, step: 2 }]) {
    for (const frame of framesOf(draft(1, [token]), canvas)) canvas = applyFrame(canvas, frame);
  }
  expect(canvas.tokens[0]).toMatchObject({ state: "committed", revised: true });
});

/** "a" stood there from step 0, was covered again in step 2, and "c" committed in step 4. */
const changed = {
  ...{ text: "c", confidence: 0.8, committed: true, step: 4 },
  covered_again: { text: "a", confidence: 0.9, step: 0, covered_step: 2 },
};

test("framesOf() tells what a place was before it was covered again in the same run", () => {
  let canvas = coveredCanvas(2);
  const seen = framesOf(draft(5, [changed, { ...sure, step: 3 }]), canvas).map((frame) => {
    canvas = applyFrame(canvas, frame);
    const [token] = canvas.tokens;
    return `${frame.forwardPasses}: ${token?.text} ${token?.confidence} ${statesOf(canvas)[0]}`;
  });
  expect(seen).toEqual([
    "1: a 0.9 committed",
    "3: a 0 draft again",
    "4: a 0 draft again",
    "5: c 0.8 committed again",
  ]);
});

test("framesOf() does not commit a second time what stood there before the run", () => {
  const canvas = play(coveredCanvas(1), draft(1, [sure]));
  const frames = framesOf(draft(5, [changed]), canvas);
  expect(frames.map(({ changes }) => changes.map(({ text }) => text))).toEqual([["a"], ["c"]]);
  expect(frames.map(({ forwardPasses }) => forwardPasses)).toEqual([3, 5]);
});

test("framesOf() tells of a place that is covered again and committed as it was, or left covered", () => {
  const canvas = play(coveredCanvas(1), draft(1, [sure]));
  const same = { ...changed, ...sure, step: 4 };
  expect(statesOf(play(canvas, draft(5, [same])))).toEqual(["committed again"]);
  const { covered_again } = changed;
  expect(statesOf(play(canvas, draft(3, [{ ...open, covered_again }])))).toEqual(["draft again"]);
});

test("applyFrame() marks a token that is another one after a run, but not one that is surer", () => {
  const other = { text: "c", confidence: 0.8, committed: true, step: 1 };
  let canvas = coveredCanvas(2);
  for (const tokens of [
    [sure, sure],
    [{ ...sure, confidence: 1 }, other],
  ]) {
    for (const frame of framesOf(draft(1, tokens), canvas)) canvas = applyFrame(canvas, frame);
  }
  expect(statesOf(canvas)).toEqual(["committed", "committed again"]);
});

test("meanConfidence() counts committed tokens of the answer only", () => {
  let canvas = coveredCanvas(3);
  const tokens = [sure, open, { ...sure, confidence: 0.1 }];
  for (const frame of framesOf(draft(1, tokens), canvas)) canvas = applyFrame(canvas, frame);
  expect(meanConfidence(canvas, 2)).toBe(0.9);
  expect(meanConfidence(coveredCanvas(3), 3)).toBeUndefined();
});

test("answerLength() ends before the first certain end mark, and clearCount() counts to there", () => {
  const end = { ...sure, text: "<|eot_id|>" };
  const maybe = play(coveredCanvas(4), draft(1, [sure, { ...end, committed: false }, end, open]));
  expect([answerLength(maybe), clearCount(maybe)]).toEqual([2, 1]);
  expect(answerLength(play(coveredCanvas(3), draft(1, [sure, open, sure])))).toBe(3);
});

/** `SIDE: {{left|on both sides}}.`, of which the short choice is made. */
const template = {
  gen_length: 6,
  block_length: 6,
  given: [
    { position: 0, text: "SIDE" },
    { position: 1, text: ":" },
    { position: 5, text: "." },
  ],
};
const shortChoice = {
  ...draft(2, []),
  canvas_length: 4,
  tokens: [{ position: 2, text: " left", confidence: 0.8, committed: true, step: 0 }],
};

test("firstCanvas() shows what is given from the start", () => {
  const states = firstCanvas(template).tokens.map(({ text, state }) => `${state} ${text}`.trim());
  expect(states).toEqual(["given SIDE", "given :", "covered", "covered", "covered", "given ."]);
});

test("applyFrame() moves up what stands behind a choice that is shorter than its gap", () => {
  const canvas = play(firstCanvas(template), shortChoice);
  expect(canvas.tokens.map(({ text }) => text)).toEqual(["SIDE", ":", " left", "."]);
  expect(canvas.tokens.map(({ state }) => state)).toEqual(["given", "given", "committed", "given"]);
});

test("framesOf() says nothing of given text that a draft repeats", () => {
  const repeated = {
    ...draft(1, [{ text: "SIDE", confidence: 1, committed: true }]),
    canvas_length: 6,
  };
  const [frame] = framesOf(repeated, firstCanvas(template));
  expect(frame).toMatchObject({ changes: [], from: 0, to: 1 });
  expect(frame?.length).toBeUndefined();
});

test("applyFrame() covers again what stands behind the block that is written anew, longer or shorter", () => {
  const start = { gen_length: 9, block_length: 2, canvas_length: 4 };
  const tokens = [sure, sure, sure, sure];
  const filled = play(firstCanvas(start), { ...draft(1, tokens), canvas_length: 4 });
  const anew = { ...draft(2, [sure, open]), block: 0 };
  const longer = play(filled, { ...anew, canvas_length: 6 });
  const shorter = play(filled, { ...anew, canvas_length: 3 });
  const front = ["committed", "draft again"];
  expect(statesOf(longer)).toEqual([
    ...front,
    "covered again",
    "covered again",
    "covered",
    "covered",
  ]);
  expect(statesOf(shorter)).toEqual([...front, "covered again"]);
});

function play(canvas: Canvas, event: Parameters<typeof framesOf>[0]): Canvas {
  return framesOf(event, canvas).reduce(applyFrame, canvas);
}

function statesOf({ tokens }: Canvas): readonly string[] {
  return tokens.map(({ state, revised }) => `${state}${revised ? " again" : ""}`);
}
