import type { Cost } from "../scores/cost.ts";
import type { Table } from "./table.ts";

/** What every evaluation reports besides its scores. */
export function costTable(costs: readonly (readonly [system: string, cost: Cost])[]): Table {
  return {
    title: "Cost",
    head: "System",
    columns: [
      { name: "answers", digits: 0 },
      { name: "unanswered", digits: 0 },
      { name: "forward passes per answer", digits: 1 },
      { name: "tokens per forward pass", digits: 2 },
      { name: "tokens/s", digits: 1 },
      { name: "words per answer", digits: 1 },
      { name: "cut by length %", digits: 1 },
    ],
    rows: costs.map(([name, cost]) => ({
      name,
      values: [
        cost.answers,
        cost.unanswered,
        cost.forwardPasses,
        cost.tokensPerForwardPass,
        cost.tokensPerSecond,
        cost.words,
        cost.cutByLength,
      ],
    })),
  };
}
