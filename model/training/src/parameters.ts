import type { Weights } from "@medv/model/layers/weights";
import type { Graph } from "@medv/model/onnx/graph";
import type { Value } from "@medv/model/onnx/value";

/** Weights that come into the graph with every run, so that a run can give them back changed. */
export type ParameterInputs = Weights & {
  /** Every parameter that the network asked for, by its name in the checkpoint. */
  readonly values: ReadonlyMap<string, Value>;
};

/** Layers that take their weights from here become trainable without knowing it. */
export function parameterInputs(graph: Graph): ParameterInputs {
  const values = new Map<string, Value>();
  const parameter = (name: string, shape: readonly number[]): Value => {
    const known = values.get(name);
    if (known !== undefined) return known;
    const value = graph.input(name, "float32", shape);
    values.set(name, value);
    return value;
  };
  return { dtype: "float32", values, parameter, stored: parameter };
}
