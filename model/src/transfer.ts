import { cast, scalar } from "./onnx/constants.ts";
import { Graph } from "./onnx/graph.ts";
import { anyLast, countLast, reduceLast, unsqueeze } from "./onnx/reduce.ts";
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
  /** int64: where they stand. */
  readonly places: Value;
  /** float32 */
  readonly confidence: Value;
  /** float32: of the whole distribution, in nats; written where a rule asks for it. */
  readonly entropy: (graph: Graph) => Value;
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
  const { places, confidence, masked, eligible } = candidates;
  const order = graph.op("Where", [
    eligible,
    confidence,
    graph.op("Where", [masked, scalar(graph, "float32", -1), scalar(graph, "float32", -2)]),
  ]);
  const ahead = aheadOf(graph, order, places); // [rows, active, active]
  const rank = countLast(graph, ahead); // [rows, active]
  const column = (value: Value): Value => unsqueeze(graph, value, [1]);

  const plain = graph.op("Or", [
    graph.op("Less", [rank, column(rule.quota)]),
    graph.op("GreaterOrEqual", [confidence, column(rule.threshold)]),
  ]);
  const any = orByBounds(graph, plain, { candidates, ahead, rule });
  const usesFactor = column(graph.op("GreaterOrEqual", [rule.factor, scalar(graph, "float32", 0)]));
  const byFactor = graph.op("Less", [
    rank,
    column(factorCount(graph, candidates, { rank, factor: rule.factor })),
  ]);
  return graph.op("Or", [
    graph.op("And", [usesFactor, graph.op("And", [masked, byFactor])]),
    graph.op("And", [graph.op("Not", [usesFactor]), graph.op("And", [eligible, any])]),
  ]);
}

/** Adds what the bounds on joint risk and joint entropy commit; few rows have them, so nothing is computed for the others. */
function orByBounds(
  graph: Graph,
  plain: Value,
  {
    candidates,
    ahead,
    rule,
  }: { readonly candidates: Candidates; readonly ahead: Value; readonly rule: TransferRule },
): Value {
  const bounded = new Graph(graph);
  const zero = scalar(bounded, "float32", 0);
  const doubt = bounded.op("Where", [
    candidates.eligible,
    bounded.op("Sub", [scalar(bounded, "float32", 1), candidates.confidence]),
    zero,
  ]);
  const byRisk = bounded.op("Less", [
    bounded.op("Add", [sumAhead(bounded, ahead, doubt), doubt]),
    unsqueeze(bounded, rule.risk, [1]),
  ]);
  const byEntropy = bounded.op("LessOrEqual", [
    entropyAhead(bounded, candidates),
    unsqueeze(bounded, rule.entropy, [1]),
  ]);
  bounded.output(bounded.op("Or", [bounded.op("Or", [plain, byRisk]), byEntropy]));
  const unbounded = new Graph(graph);
  unbounded.output(unbounded.op("Identity", [plain]));
  const none = scalar(graph, "float32", 0);
  const isBounded = graph.op("Or", [
    graph.op("Greater", [rule.risk, none]),
    graph.op("GreaterOrEqual", [rule.entropy, none]),
  ]);
  return graph.op("If", [anyLast(graph, isBounded)], {
    graphs: { then_branch: bounded, else_branch: unbounded },
    as: "bounded",
  });
}

/**
 * Which positions of a row stand before each other one when it is sorted from the largest, the earlier place first among
 * equals.
 *
 * @param order float32 `[rows, active]`
 * @param places int64 `[rows, active]`
 * @returns bool `[rows, active, active]`: whether the last axis' position stands before the middle one's.
 */
export function aheadOf(graph: Graph, order: Value, places: Value): Value {
  const mine = (value: Value): Value => unsqueeze(graph, value, [2]); // [rows, active, 1]
  const other = (value: Value): Value => unsqueeze(graph, value, [1]); // [rows, 1, active]
  const [left, right] = [other(order), mine(order)];
  const earlier = graph.op("Less", [other(places), mine(places)]);
  return graph.op("Or", [
    graph.op("Greater", [left, right]),
    graph.op("And", [graph.op("Equal", [left, right]), earlier]),
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
function entropyAhead(graph: Graph, { places, eligible, ...candidates }: Candidates): Value {
  const entropy = candidates.entropy(graph);
  const far = scalar(graph, "float32", -1e9);
  const order = graph.op("Where", [eligible, graph.op("Neg", [entropy]), far]);
  return sumAhead(
    graph,
    aheadOf(graph, order, places),
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
