import type { Logger } from "@medv/runtime";

const PARTS = 20;

/** Draws one line that is redrawn on a terminal; elsewhere an event for every tenth. */
export function quantizeProgress(
  log: Pick<Logger, "info">,
  terminal: { readonly isTTY?: boolean; write(text: string): unknown },
): (done: number, total: number) => void {
  const startedAt = performance.now();
  let shown = -1;
  return (done, total) => {
    const part = Math.floor((PARTS * done) / total);
    const elapsedMs = performance.now() - startedAt;
    if (terminal.isTTY === true) {
      const left = ((elapsedMs / done) * (total - done)) / 1000;
      const bar = "█".repeat(part).padEnd(PARTS, "·");
      const end = done < total ? "" : "\n";
      terminal.write(`\r\u001b[Kint8 weights ${bar} ${left.toFixed(0)} s left${end}`);
    } else if (part % 2 === 0 && part !== shown) {
      log.info({ doneBytes: done, totalBytes: total, elapsedMs }, "quantize-progress");
    }
    shown = part;
  };
}
