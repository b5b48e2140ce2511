import type { Graph } from "@medv/model/onnx/graph";
import type { GraphNode } from "@medv/model/onnx/node_view";
import type { Value } from "@medv/model/onnx/value";

/** What a gradient rule is told about one node of the forward graph. */
export type RuleContext = {
  readonly graph: Graph;
  readonly node: GraphNode;
  /** Gradient of the loss in the node's first output, of that output's shape. */
  readonly gradient: Value;
  /** Whether the gradient in this input is asked for. */
  readonly needs: (input: number) => boolean;
};

/** Writes the gradient in each input, in the inputs' order; undefined where none is needed. */
export type GradientRule = (context: RuleContext) => readonly (Value | undefined)[];

/** An input that the operator cannot do without. */
export function inputOf({ inputs, operator }: GraphNode, index: number): Value {
  const value = inputs[index];
  if (value === undefined) throw new RangeError(`Cannot find input ${index} of ${operator}`);
  return value;
}

export function outputOf({ outputs, operator }: GraphNode): Value {
  const [value] = outputs;
  if (value === undefined) throw new RangeError(`Cannot find the output of ${operator}`);
  return value;
}
