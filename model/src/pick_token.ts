import { cast, int64s, scalar } from "./onnx/constants.ts";
import { Graph } from "./onnx/graph.ts";
import { unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";

/** A prime below 2^31, so that products of residues fit into int64. */
const PRIME = 2147483647;

/** What a Gumbel race runs with, `[n]` each. */
export type Race = {
  /** float32 */
  readonly temperature: Value;
  /** int64 in `[0, 2^31 - 1)`, another one for every step and position. */
  readonly noiseSeed: Value;
};

/**
 * The token that each position would take: the most likely one, or at a temperature the winner of a Gumbel race.
 *
 * @param logits float32 `[n, vocabulary]`, forbidden ids already at -inf.
 * @param options.isHot bool `[]`: whether any position has a temperature.
 * @returns int64 `[n]`
 */
export function pickToken(
  graph: Graph,
  logits: Value,
  options: {
    readonly isHot: Value;
    readonly race: (graph: Graph) => Race;
    readonly vocabulary: number;
  },
): Value {
  // Noise over the whole vocabulary is the dearest part of a step, so nobody pays for it at temperature 0.
  const sampled = new Graph(graph);
  const { temperature, noiseSeed } = options.race(sampled);
  const noise = uniform(sampled, vocabularySeeds(sampled, noiseSeed, options.vocabulary));
  sampled.output(gumbelArgMax(sampled, logits, noise, unsqueeze(sampled, temperature, [1])));
  const greedy = new Graph(graph);
  greedy.output(argMax(greedy, logits));
  return graph.op("If", [options.isHot], {
    graphs: { then_branch: sampled, else_branch: greedy },
    as: "picked",
  });
}

/**
 * `argmax(exp(logit) / (-ln u)^T)`, in double precision and in logarithms.
 *
 * @param logits float32 `[..., vocabulary]`
 * @param u float64, same shape, in (0, 1).
 * @param temperature float32, broadcast against `logits`; 0 leaves the logits alone.
 * @see {@link https://arxiv.org/abs/2409.02908 | Zheng et al. 2024} on why double precision matters here
 */
export function gumbelArgMax(graph: Graph, logits: Value, u: Value, temperature: Value): Value {
  const race = graph.op("Log", [graph.op("Neg", [graph.op("Log", [u])])]);
  const noise = graph.op("Mul", [cast(graph, temperature, "float64"), race]);
  return argMax(graph, graph.op("Sub", [cast(graph, logits, "float64"), noise]));
}

/**
 * Uniform numbers in (0, 1) from seeds: two rounds of a quadratic congruence. The same seed gives the same number in
 * any batch, which ONNX's own random operators do not promise.
 *
 * @param seeds int64 in `[0, 2^31 - 1)`
 * @returns float64, same shape.
 */
export function uniform(graph: Graph, seeds: Value): Value {
  const prime = scalar(graph, "int64", PRIME);
  let x = seeds;
  for (const [multiplier, increment] of [
    [48271, 1013904223],
    [69621, 1640531527],
  ] as const) {
    const scaled = graph.op("Mod", [
      graph.op("Mul", [x, scalar(graph, "int64", multiplier)]),
      prime,
    ]);
    const square = graph.op("Add", [
      graph.op("Mul", [scaled, scaled]),
      scalar(graph, "int64", increment),
    ]);
    x = graph.op("Mod", [square, prime]);
  }
  const half = graph.op("Add", [cast(graph, x, "float64"), scalar(graph, "float64", 0.5)]);
  return graph.op("Div", [half, scalar(graph, "float64", PRIME)]);
}

/** One seed per position and token. */
function vocabularySeeds(graph: Graph, seeds: Value, vocabulary: number): Value {
  const offsets = BigInt64Array.from(
    { length: vocabulary },
    (_, token) => (BigInt(token) * 1540483477n) % BigInt(PRIME),
  );
  const tokens = graph.constant("vocabulary_seeds", "int64", [1, vocabulary], offsets);
  const sum = graph.op("Add", [unsqueeze(graph, seeds, [1]), tokens]);
  return graph.op("Mod", [sum, scalar(graph, "int64", PRIME)]);
}

/** The first of the largest along the last axis. */
function argMax(graph: Graph, value: Value): Value {
  return graph.op("ArgMax", [value], { attributes: { axis: -1, keepdims: 0 } });
}

/**
 * A seed for every row, step and position.
 *
 * @param seed int64 `[rows]` in `[0, 2^31 - 1)`
 * @param step int64 `[rows]`, counted over the whole answer.
 * @param positions int64 `[rows, active]`
 * @returns int64 `[rows, active]`
 */
export function positionSeeds(graph: Graph, seed: Value, step: Value, positions: Value): Value {
  const prime = scalar(graph, "int64", PRIME);
  const mix = (left: Value, right: Value, factor: number): Value =>
    graph.op("Mod", [
      graph.op("Add", [left, graph.op("Mul", [right, scalar(graph, "int64", factor)])]),
      prime,
    ]);
  const perRow = mix(seed, step, 40014);
  const mixed = graph.op("Mod", [graph.op("Mul", [perRow, perRow]), prime]);
  const column = graph.op("Unsqueeze", [mixed, int64s(graph, [1])], {
    shape: [mixed.shape[0] ?? 1, 1],
  });
  // Padding has position -1; adding one keeps every seed non-negative.
  return mix(column, graph.op("Add", [positions, scalar(graph, "int64", 1)]), 16807);
}
