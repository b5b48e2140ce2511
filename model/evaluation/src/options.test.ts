import { expect, test } from "vitest";
import { readOptions } from "./options.ts";

test("readOptions() has defaults for all but the data", () => {
  expect(readOptions(["--data", "slake", "--path", "d"], "/cache")).toEqual({
    data: "slake",
    path: "d",
    out: "/cache/evaluation/slake-exact",
    limit: undefined,
    settings: { profile: "exact", genLength: undefined, steps: undefined, blockLength: undefined },
    concurrency: 4,
    systems: ["diffusion"],
    gateway: undefined,
    checkpoint: undefined,
    judge: undefined,
    judgeReplies: undefined,
  });
});

test("readOptions() takes several systems, each once", () => {
  const args = ["--data", "phantoms", "--path", "d", "--system", "blind", "--system", "diffusion"];
  expect(readOptions([...args, "--blind"], "").systems).toEqual(["blind", "diffusion"]);
  expect(readOptions([...args.slice(0, 4), "--blind"], "").systems).toEqual(["diffusion", "blind"]);
});

test.each([
  { args: ["--data", "vqa", "--path", "d"], message: "--data must be one of vqa-rad, slake" },
  { args: ["--data", "slake"], message: "--path must be given" },
  {
    args: ["--data", "slake", "--path", "d", "--limit", "0"],
    message: '--limit must be an integer >= 1: current value is "0"',
  },
  {
    args: ["--data", "slake", "--path", "d", "--system", "x"],
    message: "--system must be one of diffusion, blind",
  },
  {
    args: ["--data", "slake", "--path", "d", "--judge", "u"],
    message: "--judge and --judge-model must be given together",
  },
  {
    args: ["--data", "slake", "--path", "d", "--gateway", "u", "--checkpoint", "c"],
    message: "--checkpoint cannot be chosen for a gateway that already runs",
  },
])("readOptions() refuses $args", ({ args, message }) => {
  expect(() => readOptions(args, "")).toThrow(message);
});
