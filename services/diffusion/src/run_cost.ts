import { type DecoderRow, positionsOf } from "./decoder_row.ts";

/** How much of what was learnt a new run leaves as it was. */
const KEPT = 0.98;

/**
 * What a run of these rows costs, learnt from the runs before it: a line through their milliseconds over their positions.
 * Where a run costs the same however full it is (a GPU with room), the line is flat; where it computes row by row, it
 * goes through nothing.
 */
export class RunCost {
  /** Moments of positions x and milliseconds y, the newest weighing most. */
  #moments = { n: 0, x: 0, y: 0, xx: 0, xy: 0 };

  /** Tells what a run took. */
  learn(rows: readonly DecoderRow[], ms: number): void {
    const fed = positionsOf(rows);
    const { n, x, y, xx, xy } = this.#moments;
    this.#moments = {
      n: KEPT * n + 1,
      x: KEPT * x + fed,
      y: KEPT * y + ms,
      xx: KEPT * xx + fed * fed,
      xy: KEPT * xy + fed * ms,
    };
  }

  /** How many times as long a run of `more` takes as one of `rows`: in proportion until runs of several sizes are known. */
  ratio(more: readonly DecoderRow[], rows: readonly DecoderRow[]): number {
    const { n, x, y, xx, xy } = this.#moments;
    const spread = n * xx - x * x;
    const slope = spread > 1e-9 * xx ? Math.max(0, (n * xy - x * y) / spread) : y / x;
    const fixed = Math.max(0, (y - slope * x) / n);
    const cost = (some: readonly DecoderRow[]): number => fixed + slope * positionsOf(some);
    return n > 0 ? cost(more) / cost(rows) : positionsOf(more) / positionsOf(rows);
  }
}
