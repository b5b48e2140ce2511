import { closedHit } from "@medv/evaluation/closed_hit";
import { normalizeAnswer } from "@medv/evaluation/normalize_answer";
import { openRecall } from "@medv/evaluation/open_recall";
import { compareNumbers, type Report } from "./check.ts";
import type { Oracle } from "./oracle.ts";

type MetricsFile = {
  readonly cases: readonly {
    readonly pred: string;
    readonly gt: string;
    readonly pred_norm: string;
    readonly gt_norm: string;
    readonly recall: number;
    readonly closed_hit: number;
  }[];
};

/** Normalization exactly, closed hit exactly, open recall to the last bits of a double. */
export async function checkMetrics(oracle: Oracle, report: Report): Promise<void> {
  const { cases } = await oracle.json<MetricsFile>("vqa_metrics.json");
  for (const [index, each] of cases.entries()) {
    const name = `metrics ${index}`;
    report.check(`${name} normalized prediction`, difference(each.pred, each.pred_norm));
    report.check(`${name} normalized reference`, difference(each.gt, each.gt_norm));
    const actual = [closedHit(each.pred, each.gt), openRecall(each.pred, each.gt)];
    report.check(
      `${name} closed hit and open recall`,
      compareNumbers(actual, [each.closed_hit, each.recall], 1e-12),
    );
  }
}

function difference(text: string, expected: string): string | undefined {
  const actual = normalizeAnswer(text);
  return actual === expected ? undefined : `"${actual}", expected "${expected}"`;
}
