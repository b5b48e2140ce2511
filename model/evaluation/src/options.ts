import { join } from "node:path";
import { parseArgs } from "node:util";
import type { AnswerSettings } from "./answerers/answerer.ts";
import { SYSTEM_NAMES, type SystemName } from "./answerers/open_systems.ts";
import { DATA_NAMES, type DataName } from "./data_sets/data_set.ts";

/** What the command line asks for. */
export type Options = {
  readonly data: DataName;
  readonly path: string;
  readonly out: string;
  readonly limit: number | undefined;
  readonly settings: AnswerSettings;
  readonly concurrency: number;
  readonly systems: readonly SystemName[];
  readonly gateway: string | undefined;
  readonly checkpoint: string | undefined;
  /** Directory of an autoregressive checkpoint that answers too. */
  readonly typewriter: string | undefined;
  readonly judge: { readonly url: string; readonly model: string } | undefined;
  readonly judgeReplies: string | undefined;
};

export const USAGE = `npm run evaluate -- --data ${DATA_NAMES.join("|")} --path DIR
  [--gateway URL | --checkpoint DIR] [--profile exact] [--gen-length N] [--steps N] [--block-length N]
  [--system ${SYSTEM_NAMES.join("|")}]… [--blind] [--typewriter DIR] [--limit N] [--concurrency 4] [--out DIR]
  [--judge URL --judge-model NAME | --judge-replies FILE]`;

/**
 * Reads the command line.
 *
 * @param cache The project's cache folder, where results go by default.
 * @throws {Error} What must be given, or which value does not fit.
 */
export function readOptions(args: readonly string[], cache: string): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: "string" },
      path: { type: "string" },
      out: { type: "string" },
      limit: { type: "string" },
      profile: { type: "string", default: "exact" },
      "gen-length": { type: "string" },
      steps: { type: "string" },
      "block-length": { type: "string" },
      concurrency: { type: "string", default: "4" },
      system: { type: "string", multiple: true, default: ["diffusion"] },
      blind: { type: "boolean", default: false },
      gateway: { type: "string" },
      checkpoint: { type: "string" },
      typewriter: { type: "string" },
      judge: { type: "string" },
      "judge-model": { type: "string" },
      "judge-replies": { type: "string" },
    },
  });
  const { path, profile, judge: url, "judge-model": model } = values;
  const { gateway, checkpoint, typewriter } = values;
  const data = oneOf("data", values.data, DATA_NAMES);
  if (path === undefined) throw wrong("path", "must be given", undefined);
  if (gateway !== undefined && checkpoint !== undefined) {
    throw wrong("checkpoint", "cannot be chosen for a gateway that already runs", checkpoint);
  }
  if ((url === undefined) !== (model === undefined)) {
    throw wrong("judge and --judge-model", "must be given together", url ?? model);
  }
  const names = [...values.system, ...(values.blind ? ["blind"] : [])];
  return Object.freeze({
    data,
    path,
    out: values.out ?? join(cache, "evaluation", `${data}-${profile}`),
    limit: count("limit", values.limit),
    settings: {
      profile,
      genLength: count("gen-length", values["gen-length"]),
      steps: count("steps", values.steps),
      blockLength: count("block-length", values["block-length"]),
    },
    concurrency: count("concurrency", values.concurrency) ?? 1,
    systems: [...new Set(names.map((name) => oneOf("system", name, SYSTEM_NAMES)))],
    gateway,
    checkpoint,
    typewriter,
    judge: url === undefined || model === undefined ? undefined : { url, model },
    judgeReplies: values["judge-replies"],
  });
}

function oneOf<T extends string>(name: string, value: string | undefined, among: readonly T[]): T {
  const found = among.find((each) => each === value);
  if (found !== undefined) return found;
  throw wrong(name, `must be one of ${among.join(", ")}`, value);
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw wrong(name, "must be an integer >= 1", text);
}

function wrong(name: string, rule: string, value: string | undefined): Error {
  const current = value === undefined ? "" : `: current value is "${value}"`;
  return new Error(`Cannot evaluate as --${name} ${rule}${current}`);
}
