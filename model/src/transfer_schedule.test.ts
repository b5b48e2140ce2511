import { expect, test } from "vitest";
import { transferSchedule } from "./transfer_schedule.ts";

test.each([
  { masked: 32, steps: 4, expected: [8, 8, 8, 8] },
  { masked: 10, steps: 4, expected: [3, 3, 2, 2] },
  { masked: 2, steps: 4, expected: [1, 1, 0, 0] },
])(
  "transferSchedule() spreads $masked mask tokens over $steps steps",
  ({ masked, steps, expected }) => {
    expect([...transferSchedule(masked, steps)]).toEqual(expected);
  },
);

test("transferSchedule() refuses a block without steps", () => {
  expect(() => transferSchedule(8, 0)).toThrow(/integer >= 1/);
});
