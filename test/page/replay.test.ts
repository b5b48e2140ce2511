import type { AnswerEvent, DraftedToken } from "@medv/gateway/answer_event";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { expect, test } from "vitest";
import { applyFrame, firstCanvas, type FogToken } from "../../gateway/web/src/fog/canvas.ts";
import { framesOf } from "../../gateway/web/src/fog/frames_of.ts";
import { startStack } from "../stack.ts";

/** Answers that are asked for together, and how often until one of them covers something again. */
const [TOGETHER, TRIES] = [16, 20];

/** A place that became another token within one run, and what stood there. */
type Change = Pick<DraftedToken, "position" | "text"> & {
  readonly step: number;
  readonly lost: NonNullable<DraftedToken["covered_again"]>;
};

test("a token that is covered again and commits as another one in the same run is replayed with both texts", async () => {
  const stack = await startStack();
  try {
    const { answer, change } = await findChange(stack.url);
    const { position, text, step, lost } = change;
    expect(lost.step).toBeLessThan(lost.covered_step);
    expect(lost.covered_step).toBeLessThan(step);
    const seen = replay(answer, position);
    const first = seen.findIndex((token) => token.text === lost.text && isCommitted(token));
    const covered = seen.findIndex(({ state, revised }) => state === "draft" && revised);
    const last = seen.findLastIndex((token) => token.text === text && isCommitted(token));
    expect([first, covered, last]).toEqual([first, covered, last].toSorted((a, b) => a - b));
    expect(first).toBeGreaterThanOrEqual(0);
    expect(seen[last]?.revised).toBe(true);
  } finally {
    await stack.stop();
  }
}, 300_000);

function isCommitted({ state }: FogToken): boolean {
  return state === "committed";
}

/** Asks until an answer has such a place. */
async function findChange(
  url: string,
): Promise<{ readonly answer: readonly AnswerEvent[]; readonly change: Change }> {
  for (let round = 0; round < TRIES; round++) {
    const answers = await ask(url, 1 + round * TOGETHER);
    for (const answer of answers) {
      const change = changeOf(answer);
      if (change !== undefined) return { answer, change };
    }
  }
  throw new RangeError(
    `Cannot find a place that changed within a run in ${TRIES * TOGETHER} answers`,
  );
}

/** Answers of one request, by choice. */
async function ask(url: string, seed: number): Promise<readonly (readonly AnswerEvent[])[]> {
  const response = await fetch(`${url}/v1/answers`, {
    method: "POST",
    body: JSON.stringify({
      model: "llada-medv-phantom",
      messages: [{ role: "user", content: "Describe the image in detail." }],
      n: TOGETHER,
      seed,
      temperature: 1,
      diffusion: { profile: "careful", gen_length: 32, doubt: 0.9 },
    }),
  });
  expect(response.status).toBe(200);
  const answers: AnswerEvent[][] = Array.from({ length: TOGETHER }, () => []);
  const frames = response.body
    ?.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { data } of frames ?? []) {
    const event = JSON.parse(data) as AnswerEvent;
    if (event.type !== "image-ready") answers[event.choice]?.push(event);
  }
  return answers;
}

/** The first place of an answer that became another token between two drafts. */
function changeOf(answer: readonly AnswerEvent[]): Change | undefined {
  let passes = 0;
  for (const event of answer) {
    if (event.type !== "block-draft") continue;
    for (const { position, text, step, committed, covered_again: lost } of event.tokens) {
      const isOfRun = lost !== undefined && lost.step >= passes && lost.text !== text;
      if (isOfRun && committed && step !== undefined) return { position, text, step, lost };
    }
    passes = event.forward_passes;
  }
  return undefined;
}

/** What a place shows, frame by frame. */
function replay(answer: readonly AnswerEvent[], position: number): readonly FogToken[] {
  const start = answer.find((event) => event.type === "answer-start");
  if (start === undefined) throw new RangeError("Cannot replay as the answer has no start");
  let canvas = firstCanvas(start);
  return answer.flatMap((event) => {
    if (event.type !== "block-draft") return [];
    return framesOf(event, canvas).flatMap((frame) => {
      canvas = applyFrame(canvas, frame);
      return canvas.tokens[position] ?? [];
    });
  });
}
