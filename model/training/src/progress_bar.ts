import type { StageEvent } from "./train_stage.ts";

/** Draws one line that is redrawn on a terminal, and now and then a line where there is none. */
export function progressBar(
  write: (text: string) => void,
  isTerminal: boolean,
): (event: StageEvent, samplesPerStep: number) => void {
  let shown = -1;
  return ({ stage, step, steps, loss, gradientNorm, samplesPerSecond }, samplesPerStep) => {
    const share = step / steps;
    const tenth = Math.floor(share * 20);
    if (!isTerminal && tenth === shown && step < steps) return;
    shown = tenth;
    const left = ((steps - step) * samplesPerStep) / samplesPerSecond / 60;
    const bar = "█".repeat(tenth).padEnd(20, "·");
    const text = `${stage} ${bar} ${step}/${steps} loss ${loss.toFixed(4)} |g| ${gradientNorm.toFixed(2)} ${samplesPerSecond.toFixed(1)} samples/s ${left.toFixed(1)} min left`;
    write(isTerminal && step < steps ? `\r${text}` : `${isTerminal ? "\r" : ""}${text}\n`);
  };
}
