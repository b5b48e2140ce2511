/** A table of numbers, in Markdown and JSON alike. */
export type Table = {
  readonly title: string;
  /** What the rows are. */
  readonly head: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** What a reader must know of it. */
  readonly note?: string;
};

export type Column = {
  readonly name: string;
  /** Digits after the point. */
  readonly digits: number;
};

export type Row = {
  readonly name: string;
  /** One for each column; undefined where nothing was measured. */
  readonly values: readonly (number | undefined)[];
};

/** The table as GitHub's Markdown. */
export function toMarkdown({ title, head, columns, rows, note }: Table): string {
  const lines = [
    [head, ...columns.map(({ name }) => name)],
    ["---", ...columns.map(() => "---:")],
    ...rows.map(({ name, values }) => [
      name,
      ...columns.map(({ digits }, index) => values[index]?.toFixed(digits) ?? "–"),
    ]),
  ].map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return [`## ${title}`, "", ...(note === undefined ? [] : [note, ""]), ...lines, ""].join("\n");
}

/** The table with every number under the names of its row and column. */
export function toJson({ title, columns, rows, note }: Table): object {
  return {
    title,
    ...(note !== undefined && { note }),
    rows: rows.map(({ name, values }) => ({
      name,
      values: Object.fromEntries(
        columns.map((column, index) => [column.name, values[index] ?? null]),
      ),
    })),
  };
}
