import { cast, scalar } from "./onnx/constants.ts";
import type { Graph } from "./onnx/graph.ts";
import { countLast, reduceLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";

export type TransferRule = {
  /** int64 `[rows]`: how many positions the transfer schedule commits in this step. */
  readonly quota: Value;
  /** float32 `[rows]`: factor of the threshold rule; negative where the schedule decides. */
  readonly factor: Value;
};

/**
 * Decides which positions of each row commit in this step.
 *
 * @param confidence float32 `[rows, active]`
 * @param masked bool `[rows, active]`: the position is still a mask token.
 * @param eligible bool `[rows, active]`: the position is masked and may commit (inside the block, before a stop).
 * @returns bool `[rows, active]`
 * @see {@link https://arxiv.org/abs/2505.22618 | Wu et al. 2025} for the factor rule
 */
export function transfer(
  graph: Graph,
  confidence: Value,
  masked: Value,
  eligible: Value,
  rule: TransferRule,
): Value {
  const rank = confidenceRank(graph, confidence, masked, eligible);
  const bySchedule = graph.op("And", [
    eligible,
    graph.op("Less", [rank, unsqueeze(graph, rule.quota, [1])]),
  ]);
  const byFactor = graph.op("And", [
    masked,
    graph.op("Less", [
      rank,
      unsqueeze(
        graph,
        factorCount(graph, confidence, masked, eligible, { rank, factor: rule.factor }),
        [1],
      ),
    ]),
  ]);
  const usesFactor = graph.op("GreaterOrEqual", [rule.factor, scalar(graph, "float32", 0)]);
  return graph.op("Or", [
    graph.op("And", [unsqueeze(graph, usesFactor, [1]), byFactor]),
    graph.op("And", [unsqueeze(graph, graph.op("Not", [usesFactor]), [1]), bySchedule]),
  ]);
}

/**
 * Place of each position when a row is sorted by confidence, the earlier position first among equals. Masked positions
 * that may not commit come after all that may, and what is not masked comes last.
 *
 * @returns int64 `[rows, active]`
 */
function confidenceRank(graph: Graph, confidence: Value, masked: Value, eligible: Value): Value {
  const ordered = graph.op("Where", [
    eligible,
    confidence,
    graph.op("Where", [masked, scalar(graph, "float32", -1), scalar(graph, "float32", -2)]),
  ]);
  const mine = unsqueeze(graph, ordered, [2]); // [rows, active, 1]
  const other = unsqueeze(graph, ordered, [1]); // [rows, 1, active]
  const active = graph.op("Gather", [graph.op("Shape", [ordered]), scalar(graph, "int64", 1)]);
  const range = graph.op("Range", [scalar(graph, "int64", 0), active, scalar(graph, "int64", 1)], {
    shape: [ordered.shape[1] ?? 1],
  });
  const earlier = graph.op("Less", [unsqueeze(graph, range, [0]), unsqueeze(graph, range, [1])]);
  const ahead = graph.op("Or", [
    graph.op("Greater", [other, mine]),
    graph.op("And", [graph.op("Equal", [other, mine]), unsqueeze(graph, earlier, [0])]),
  ]);
  return countLast(graph, ahead);
}

/**
 * How many positions the factor rule commits: the leading ones with `confidence >= 1 - factor / (rank + 2)`, at least
 * one, and all masked ones when only one would be left.
 *
 * @returns int64 `[rows]`
 */
function factorCount(
  graph: Graph,
  confidence: Value,
  masked: Value,
  eligible: Value,
  { rank, factor }: { readonly rank: Value; readonly factor: Value },
): Value {
  const zero = scalar(graph, "int64", 0);
  const one = scalar(graph, "int64", 1);
  const total = countLast(graph, masked);
  const place = cast(graph, graph.op("Add", [rank, scalar(graph, "int64", 2)]), "float32");
  const limit = graph.op("Sub", [
    scalar(graph, "float32", 1),
    graph.op("Div", [unsqueeze(graph, factor, [1]), place]),
  ]);
  const meets = graph.op("And", [
    eligible,
    graph.op("Or", [
      graph.op("Equal", [rank, zero]),
      graph.op("GreaterOrEqual", [confidence, limit]),
    ]),
  ]);
  const fails = graph.op("And", [masked, graph.op("Not", [meets])]);
  const failing = graph.op("Where", [fails, rank, unsqueeze(graph, total, [1])]);
  const leading = graph.op("Max", [reduceLast(graph, "ReduceMin", failing), one]);
  const allButOne = graph.op("Equal", [leading, graph.op("Sub", [total, one])]);
  return graph.op("Where", [allButOne, total, leading]);
}
