import type { Weights } from "@medv/model/layers/weights";
import { embedTokens } from "@medv/model/merge_image_rows";
import { int64s, scalar } from "@medv/model/onnx/constants";
import type { Graph } from "@medv/model/onnx/graph";
import { reduceLast, unsqueeze } from "@medv/model/onnx/reduce";
import type { Value } from "@medv/model/onnx/value";

type Size = { readonly vocabulary: number; readonly hiddenSize: number };

/** Image rows made of words: the sum of the token embeddings of what lies in each patch, float32 `[image_tokens, hidden]`. */
export function wordRows(graph: Graph, weights: Weights, size: Size): Value {
  const shape = ["image_tokens", "words"];
  const words = embedTokens(graph, weights, graph.input("row_words", "int64", shape), size);
  const weight = unsqueeze(graph, graph.input("row_weight", "float32", shape), [2]);
  return graph.op("ReduceSum", [graph.op("Mul", [words, weight]), int64s(graph, [1])], {
    attributes: { keepdims: 0 },
    shape: ["image_tokens", size.hiddenSize],
  });
}

/**
 * Mean squared distance between projected image rows and the words of their patches.
 *
 * @param rows float32 `[image_tokens, width]`, and `words` alike.
 * @returns float32 `[]`
 */
export function distanceToWords(graph: Graph, rows: Value, words: Value, width: number): Value {
  const difference = graph.op("Sub", [rows, words]);
  const squares = reduceLast(graph, "ReduceSum", graph.op("Mul", [difference, difference]));
  const sum = reduceLast(graph, "ReduceSum", squares);
  const count = graph.op("Gather", [graph.op("Shape", [rows]), scalar(graph, "int64", 0)]);
  const elements = graph.op("Mul", [
    graph.op("Cast", [count], { attributes: { to: 1 } }),
    scalar(graph, "float32", width),
  ]);
  return graph.op("Div", [sum, elements]);
}
