import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Failure } from "../ask_all.ts";
import { formatProblem, type Problem } from "../readers/problem.ts";
import { type Table, toJson, toMarkdown } from "./table.ts";

/** What an evaluation found. */
export type Report = {
  readonly data: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly tables: readonly Table[];
  readonly skipped: number;
  readonly problems: readonly Problem[];
  readonly failures: readonly Failure[];
};

/**
 * Writes `report.md` and `report.json` into a folder.
 *
 * @returns The Markdown.
 */
export async function writeReport(out: string, report: Report): Promise<string> {
  const { tables, ...rest } = report;
  const text = markdown(report);
  await writeFile(join(out, "report.md"), text);
  const json = { ...rest, tables: tables.map(toJson) };
  await writeFile(join(out, "report.json"), `${JSON.stringify(json, undefined, 2)}\n`);
  return text;
}

function markdown({ data, settings, tables, skipped, problems, failures }: Report): string {
  const made = Object.entries(settings).map(([name, value]) => `${name} \`${value}\``);
  return [
    `# Evaluation: ${data}`,
    "",
    `A research tool, not for clinical use. Made with ${made.join(", ")}.`,
    "",
    ...tables.map(toMarkdown),
    ...(skipped > 0 ? [`${skipped} entries of another language or split were not asked.`, ""] : []),
    ...list("Left out", problems.map(formatProblem)),
    ...list(
      "Not answered",
      failures.map(({ system, id, message }) => `${system}, ${id}: ${message}`),
    ),
  ].join("\n");
}

function list(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [`## ${title}`, "", ...lines.map((line) => `- ${line}`), ""];
}
