import { cast, scalar } from "./onnx/constants.ts";
import type { Graph } from "./onnx/graph.ts";
import { countLast, reduceLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";

/** What decides how many positions of each row commit in a step. A row may have several of the rules. */
export type TransferRule = {
  /** int64 `[rows]`: at least so many, the most confident ones. */
  readonly quota: Value;
  /** float32 `[rows]`; see `DecoderInputs`. */
  readonly threshold: Value;
  readonly risk: Value;
  readonly entropy: Value;
  /** float32 `[rows]`: factor of the upstream rule, which takes no other beside it; negative where it does not hold. */
  readonly factor: Value;
};

/** A step's candidates, `[rows, active]` each. */
export type Candidates = {
  /** float32 */
  readonly confidence: Value;
  /** float32: of the whole distribution, in nats. */
  readonly entropy: Value;
  /** bool: the position is still a mask token. */
  readonly masked: Value;
  /** bool: the position is masked and may commit (inside the block, before a stop). */
  readonly eligible: Value;
};

/**
 * Decides which positions of each row commit in this step.
 *
 * @returns bool `[rows, active]`
 * @see {@link https://arxiv.org/abs/2505.22618 | Wu et al. 2025} for the threshold and factor rules
 * @see {@link https://arxiv.org/abs/2505.24857 | Ben-Hamu et al. 2025} for the entropy bound
 */
export function transfer(graph: Graph, candidates: Candidates, rule: TransferRule): Value {
  const { confidence, masked, eligible } = candidates;
  const zero = scalar(graph, "float32", 0);
  const order = graph.op("Where", [
    eligible,
    confidence,
    graph.op("Where", [masked, scalar(graph, "float32", -1), scalar(graph, "float32", -2)]),
  ]);
  const ahead = aheadOf(graph, order); // [rows, active, active]
  const rank = countLast(graph, ahead); // [rows, active]
  const column = (value: Value): Value => unsqueeze(graph, value, [1]);

  const bySchedule = graph.op("Less", [rank, column(rule.quota)]);
  const byThreshold = graph.op("GreaterOrEqual", [confidence, column(rule.threshold)]);
  const doubt = graph.op("Where", [
    eligible,
    graph.op("Sub", [scalar(graph, "float32", 1), confidence]),
    zero,
  ]);
  const byRisk = graph.op("Less", [
    graph.op("Add", [sumAhead(graph, ahead, doubt), doubt]),
    column(rule.risk),
  ]);
  const byEntropy = graph.op("LessOrEqual", [
    entropyAhead(graph, candidates),
    column(rule.entropy),
  ]);
  const any = [byThreshold, byRisk, byEntropy].reduce(
    (left, right) => graph.op("Or", [left, right]),
    bySchedule,
  );
  const usesFactor = column(graph.op("GreaterOrEqual", [rule.factor, zero]));
  const byFactor = graph.op("Less", [
    rank,
    column(factorCount(graph, candidates, { rank, factor: rule.factor })),
  ]);
  return graph.op("Or", [
    graph.op("And", [usesFactor, graph.op("And", [masked, byFactor])]),
    graph.op("And", [graph.op("Not", [usesFactor]), graph.op("And", [eligible, any])]),
  ]);
}

/**
 * Which positions of a row stand before each other one when it is sorted from the largest, the earlier position first
 * among equals.
 *
 * @param order float32 `[rows, active]`
 * @returns bool `[rows, active, active]`: whether the last axis' position stands before the middle one's.
 */
export function aheadOf(graph: Graph, order: Value): Value {
  const mine = unsqueeze(graph, order, [2]); // [rows, active, 1]
  const other = unsqueeze(graph, order, [1]); // [rows, 1, active]
  const active = graph.op("Gather", [graph.op("Shape", [order]), scalar(graph, "int64", 1)]);
  const range = graph.op("Range", [scalar(graph, "int64", 0), active, scalar(graph, "int64", 1)], {
    shape: [order.shape[1] ?? 1],
  });
  const earlier = graph.op("Less", [unsqueeze(graph, range, [0]), unsqueeze(graph, range, [1])]);
  return graph.op("Or", [
    graph.op("Greater", [other, mine]),
    graph.op("And", [graph.op("Equal", [other, mine]), unsqueeze(graph, earlier, [0])]),
  ]);
}

/** Sum of `value [rows, active]` over what stands ahead of each position. */
function sumAhead(graph: Graph, ahead: Value, value: Value): Value {
  const terms = graph.op("Where", [
    ahead,
    unsqueeze(graph, value, [1]),
    scalar(graph, "float32", 0),
  ]);
  return reduceLast(graph, "ReduceSum", terms);
}

/** Joint entropy bound: the sum of the entropies of all less uncertain positions. */
function entropyAhead(graph: Graph, { entropy, eligible }: Candidates): Value {
  const far = scalar(graph, "float32", -1e9);
  const order = graph.op("Where", [eligible, graph.op("Neg", [entropy]), far]);
  return sumAhead(
    graph,
    aheadOf(graph, order),
    graph.op("Where", [eligible, entropy, scalar(graph, "float32", 0)]),
  );
}

/**
 * How many positions the factor rule commits: the leading ones with `confidence >= 1 - factor / (rank + 2)`, at least
 * one, and all masked ones when only one would be left.
 *
 * @returns int64 `[rows]`
 */
function factorCount(
  graph: Graph,
  { confidence, masked, eligible }: Candidates,
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
