import { SETTINGS as DIFFUSION } from "@medv/diffusion/config";
import { SETTINGS as GATEWAY } from "@medv/gateway/config";
import type { Settings } from "@medv/runtime/setting";
import { SETTINGS as VISION } from "@medv/vision/config";
import { expect, test } from "vitest";

/** A value that no setting of a unit can have; numbers of things are all read in one way. */
const WRONG: Readonly<Record<string, string>> = {
  "host:port": "nowhere",
  "host:port, …": "nowhere",
  "0 to 1": "1.5",
  ...Object.fromEntries(
    ["port", "seconds", "ms", "bytes", "pixels", "requests", "threads", "answers"].map((unit) => [
      unit,
      "0.5",
    ]),
  ),
};

const PROCESSES: Readonly<Record<string, Settings>> = {
  gateway: GATEWAY,
  vision: VISION,
  diffusion: DIFFUSION,
};

// Words and paths have rules of their own, and tests beside them.
const CASES = Object.entries(PROCESSES).flatMap(([process, settings]) =>
  Object.values(settings)
    .filter(({ unit }) => unit !== "")
    .map((setting) => ({
      process,
      setting,
      variable: setting.variable,
      // What is left is one of a few words.
      value: WRONG[setting.unit] ?? "neither",
      isKnown: setting.unit in WRONG || /^\w+(?:, \w+)+$/.test(setting.unit),
    })),
);

test.each(CASES)(
  "$process refuses $variable=$value, and says the rule and the value",
  ({ variable, value, isKnown, setting }) => {
    expect(isKnown).toBe(true);
    expect(() => setting.read({})).not.toThrow();
    expect(() => setting.read({ [variable]: value })).toThrow(
      new RegExp(`^Cannot read ${variable} as it must be .+: current value is "${value}"`),
    );
  },
);
