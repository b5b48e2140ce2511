import { NO_STOP } from "@medv/model/stop_position";
import { expect, test } from "vitest";
import { coveredCanvas, type Canvas } from "./canvas.ts";
import { grow } from "./grow.ts";

const [MASK, EOT] = [9, 1];

/** A filled canvas; where an end stands in it, that sure. */
function filled(tokenIds: readonly number[], sure: number): Canvas {
  const stop = tokenIds.indexOf(EOT);
  return {
    ...coveredCanvas(tokenIds.length, MASK),
    tokenIds: Int32Array.from(tokenIds),
    commitConfidence: new Float32Array(tokenIds.length).fill(sure),
    stop: stop < 0 ? NO_STOP : stop,
    step: 7,
  };
}

test.each([
  { what: "no end", ids: [5, 5, 5], most: 8, next: [5, 5, 5, 9, 9] },
  {
    what: "an unsure end",
    ids: [5, EOT, 9],
    sure: 0.4,
    most: 8,
    next: [5, 9, 9, 9, 9],
    revised: 1,
  },
  { what: "little room", ids: [5, 5, 5], most: 4, next: [5, 5, 5, 9] },
])("grow() covers a block more where there is $what", (given) => {
  const { ids, sure = 1, most, next, revised = 0 } = given;
  const plan = { type: "adaptive", startLength: 3, eotId: EOT } as const;
  const grown = grow(filled(ids, sure), plan, { blockLength: 2, most, maskId: MASK });
  expect(grown?.start).toBe(next.indexOf(MASK));
  expect(grown?.canvas).toMatchObject({
    tokenIds: Int32Array.from(next),
    stop: NO_STOP,
    step: 7,
    revisions: revised,
  });
});

test.each([
  { what: "a sure end", ids: [5, EOT, 5], sure: 0.6, most: 8 },
  { what: "no room", ids: [5, 5, 5], sure: 1, most: 3 },
])("grow() leaves an answer with $what as it is", ({ ids, sure, most }) => {
  const plan = { type: "adaptive", startLength: 3, eotId: EOT } as const;
  expect(grow(filled(ids, sure), plan, { blockLength: 2, most, maskId: MASK })).toBeUndefined();
});
