import { join } from "node:path";
import { openSystems } from "./answerers/open_systems.ts";
import { openDataSet } from "./data_sets/open_data_set.ts";
import { evaluate, type EvaluateHooks } from "./evaluate.ts";
import { openJudge } from "./judge/open_judge.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { progressBar } from "./progress_bar.ts";
import { formatProblem } from "./readers/problem.ts";

const CACHE = join(import.meta.dirname, "../../../.cache");

const stopping = new AbortController();
// Whoever stops it, the processes that were started here end too.
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort(new Error("Stopped; the same command goes on from there"));
  });
}

try {
  const options = readOptions(process.argv.slice(2), CACHE);
  await run(options, stopping.signal).catch((error: unknown) => {
    say(messageOf(error));
    process.exitCode = stopping.signal.aborted ? 130 : 1;
  });
} catch (error) {
  say(`${messageOf(error)}\n${USAGE}`);
  process.exitCode = 2;
}

async function run(options: Options, signal: AbortSignal): Promise<void> {
  const { stderr, stdout, env } = process;
  const { judge, out } = options;
  const dataSet = await openDataSet({
    ...options,
    judge: judge && openJudge(judge.url, judge.model, env["OPENAI_API_KEY"]),
  });
  const apiKey = env["MEDV_API_KEY"];
  const { systems, close } = await openSystems(options.systems, { ...options, apiKey }, signal);
  try {
    const hooks: EvaluateHooks = {
      onProblem: (problem) => say(formatProblem(problem)),
      onFailure: ({ system, id, message }) => say(`${system} ${id}: ${message}`),
      onProgress: progressBar((text) => void stderr.write(text), stderr.isTTY),
    };
    const { report, markdown } = await evaluate(dataSet, { ...options, systems, hooks }, signal);
    stdout.write(`${markdown}\n${join(out, "report.md")}\n`);
    if (report.failures.length > 0) process.exitCode = 1;
  } finally {
    await close();
  }
}

/** A line of its own, also where the bar stands. */
function say(line: string): void {
  process.stderr.write(`${process.stderr.isTTY ? "\r\u001b[K" : ""}${line}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
