import { mkdir } from "node:fs/promises";
import type { AnswerSettings, System } from "./answerers/answerer.ts";
import { askAll, type Failure } from "./ask_all.ts";
import type { DataName, DataSet } from "./data_sets/data_set.ts";
import { openPredictions, type Predictions } from "./prediction.ts";
import type { Progress } from "./progress_bar.ts";
import type { Problem } from "./readers/problem.ts";
import { costTable } from "./report/cost_table.ts";
import { type Report, writeReport } from "./report/write_report.ts";
import { keepRunSettings, runSettings } from "./run_settings.ts";
import { costOf } from "./scores/cost.ts";

export type EvaluateOptions = {
  readonly data: DataName;
  /** Where predictions and reports are written; a run goes on where an earlier one left it. */
  readonly out: string;
  readonly settings: AnswerSettings;
  /** Dialogues asked at the same time. */
  readonly concurrency: number;
  readonly systems: readonly System[];
  readonly hooks: EvaluateHooks;
};

/** Told while it runs. */
export type EvaluateHooks = {
  readonly onProblem: (problem: Problem) => void;
  readonly onFailure: (failure: Failure) => void;
  readonly onProgress: (progress: Progress) => void;
};

export type Evaluated = { readonly report: Report; readonly markdown: string };

/**
 * Asks every system what has no answer yet, and writes the tables.
 *
 * @throws {Error} If the folder's answers were made otherwise, or if nothing can be answered.
 */
export async function evaluate(
  dataSet: DataSet,
  options: EvaluateOptions,
  signal: AbortSignal,
): Promise<Evaluated> {
  const { data, out, settings, systems, hooks } = options;
  for (const problem of dataSet.problems) hooks.onProblem(problem);
  await mkdir(out, { recursive: true });
  const run = await runSettings(dataSet.file, settings, systems);
  await keepRunSettings(out, run);
  const predictions = await openPredictions(out);
  const failures: Failure[] = [];
  for (const system of systems) {
    failures.push(...(await ask(dataSet, system, { predictions, options }, signal)));
  }
  const names = systems.map(({ name }) => name);
  const { tables, problems } = await dataSet.tabulate(names, predictions, signal);
  for (const problem of problems) hooks.onProblem(problem);
  const costs = names.map(
    (name) => [name, costOf(dataSet.dialogues, (id) => predictions.get(name, id))] as const,
  );
  const report: Report = {
    data,
    settings: run,
    tables: [...tables, costTable(costs)],
    skipped: dataSet.skipped,
    problems: [...dataSet.problems, ...problems],
    failures,
  };
  return { report, markdown: await writeReport(out, report) };
}

type AskContext = {
  readonly predictions: Predictions;
  readonly options: EvaluateOptions;
};

async function ask(
  { dialogues }: DataSet,
  system: System,
  { predictions, options }: AskContext,
  signal: AbortSignal,
): Promise<readonly Failure[]> {
  const { settings, concurrency, hooks } = options;
  const failures: Failure[] = [];
  const ids = dialogues.flatMap(({ turns }) => turns.map(({ id }) => id));
  let answered = ids.filter((id) => predictions.get(system.name, id) !== undefined).length;
  const progress = (): void => {
    const failed = failures.length;
    hooks.onProgress({ system: system.name, answered, failed, total: ids.length });
  };
  progress();
  await askAll(
    dialogues,
    predictions,
    {
      system,
      settings,
      concurrency,
      onAnswer: () => {
        answered++;
        progress();
      },
      onFailure: (failure) => {
        failures.push(failure);
        hooks.onFailure(failure);
        progress();
      },
    },
    signal,
  );
  return failures;
}
