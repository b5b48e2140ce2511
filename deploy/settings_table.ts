import { SETTINGS as DIFFUSION } from "@medv/diffusion/config";
import { SETTINGS as GATEWAY } from "@medv/gateway/config";
import type { Setting, Settings } from "@medv/runtime/setting";
import { SETTINGS as VISION } from "@medv/vision/config";

const PROCESSES: Readonly<Record<string, Settings>> = {
  gateway: GATEWAY,
  vision: VISION,
  diffusion: DIFFUSION,
};

const START = "<!-- settings: written by `npm run settings` -->";
const END = "<!-- settings end -->";

/**
 * The README with its tables of settings as the processes have them now.
 *
 * @throws {RangeError} If the README has no place for them.
 */
export function withSettings(readme: string): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start < 0 || end < start) {
    throw new RangeError(
      `Cannot write the settings as the README must have "${START}" and "${END}"`,
    );
  }
  const tables = Object.entries(PROCESSES).map(
    ([name, settings]) => `### ${name}\n\n${table(settings)}\n`,
  );
  return `${readme.slice(0, start + START.length)}\n\n${tables.join("\n")}\n${readme.slice(end)}`;
}

function table(settings: Settings): string {
  const head = ["variable", "unit or choice", "default", "meaning"];
  const rows = [head, ...Object.values(settings).map(row)];
  const widths = head.map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return [line(head), rule, ...rows.slice(1).map(line)].join("\n");
}

function row({ variable, unit, fallback, meaning }: Setting<unknown>): readonly string[] {
  return [`\`${variable}\``, unit, fallback === "" ? "" : `\`${fallback}\``, meaning];
}
