import { expect, test } from "vitest";
import { welch } from "./welch.ts";

const WARD = [17.2, 20.9, 22.6, 18.1, 21.7, 21.4, 23.5, 24.2, 14.7, 21.8];
const OTHER_WARD = [21.5, 22.8, 21, 23, 21.6, 23.6, 22.5, 20.7, 23.4, 21.8];
/** Two hundred values each, whose means are nearly equal. */
const LONG = Array.from({ length: 200 }, (_, index) => 10 + ((index * 7919) % 101) / 50);
const OTHER_LONG = Array.from(
  { length: 200 },
  (_, index) => 10.02 + ((index * 104_729) % 103) / 50,
);

// From `scipy.stats.ttest_ind(left, right, equal_var=False)`, scipy 1.17.1.
test.each([
  {
    what: "ten values each",
    left: WARD,
    right: OTHER_WARD,
    t: -1.5751246586603938,
    degreesOfFreedom: 11.007142290940548,
    p: 0.1435128081363613,
  },
  {
    what: "three and four values far apart",
    left: [3, 4, 1, 2.1],
    right: [490.2, 340, 433.9],
    t: -9.559497721932658,
    degreesOfFreedom: 2.0008523488562844,
    p: 0.010751561149784488,
  },
  {
    what: "two values each",
    left: [1, 2],
    right: [1.5, 1.7],
    t: -0.19611613513818418,
    degreesOfFreedom: 1.0798722044728435,
    p: 0.8748605003925335,
  },
  {
    what: "two hundred values each",
    left: LONG,
    right: OTHER_LONG,
    t: -0.7255859686890092,
    degreesOfFreedom: 397.85888105724985,
    p: 0.4685191990893901,
  },
])("welch() says of $what what scipy says", ({ left, right, ...expected }) => {
  const result = welch(left, right);
  expect(result.t).toBeCloseTo(expected.t, 9);
  expect(result.degreesOfFreedom).toBeCloseTo(expected.degreesOfFreedom, 9);
  expect(result.p).toBeCloseTo(expected.p, 6);
});

test("welch() refuses a sample of one value", () => {
  expect(() => welch([1, 2], [1])).toThrow(RangeError);
});
