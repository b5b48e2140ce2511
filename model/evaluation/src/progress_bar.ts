/** How far one system has come. */
export type Progress = {
  readonly system: string;
  readonly answered: number;
  readonly failed: number;
  readonly total: number;
};

const PARTS = 20;

/** Draws one line that is redrawn on a terminal; elsewhere a line for every twentieth. */
export function progressBar(
  write: (text: string) => void,
  isTerminal: boolean,
  now: () => number = () => performance.now(),
): (progress: Progress) => void {
  let shown = "";
  const startOf = new Map<string, { readonly at: number; readonly done: number }>();
  return ({ system, answered, failed, total }) => {
    const done = answered + failed;
    const start = startOf.get(system) ?? { at: now(), done };
    startOf.set(system, start);
    const part = total === 0 ? PARTS : Math.floor((PARTS * done) / total);
    if (!isTerminal && shown === `${system} ${part}`) return;
    shown = `${system} ${part}`;
    const perMinute = ((done - start.done) / (now() - start.at)) * 60_000;
    const left = perMinute > 0 ? ` ${((total - done) / perMinute).toFixed(1)} min left` : "";
    const bar = "█".repeat(part).padEnd(PARTS, "·");
    const text = `${system} ${bar} ${done}/${total}${failed > 0 ? ` ${failed} failed` : ""}${left}`;
    // Clears what a longer line left behind.
    if (isTerminal) write(`\r\u001b[K${text}${done < total ? "" : "\n"}`);
    else write(`${text}\n`);
  };
}
