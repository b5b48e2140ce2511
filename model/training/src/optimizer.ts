import { int64s, scalar } from "@medv/model/onnx/constants";
import type { Graph } from "@medv/model/onnx/graph";
import type { Value } from "@medv/model/onnx/value";

/** AdamW as upstream runs it, without weight decay; gradients are clipped by their global norm. */
export type OptimizerSettings = {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly clipNorm: number;
};

export const OPTIMIZER: OptimizerSettings = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  clipNorm: 1,
};

/** Names under which a parameter's two moments go in, and parameter and moments come out. */
export const MOMENTS = ["first", "second"] as const;
export function momentName(moment: (typeof MOMENTS)[number], parameter: string): string {
  return `${moment}_moment.${parameter}`;
}
export function nextName(name: string): string {
  return `next.${name}`;
}

/** Numbers that change from step to step, float32 `[]` each: learning rate, `1 - beta1^step`, `1 - beta2^step`. */
export const STEP_INPUTS = ["learning_rate", "first_correction", "second_correction"] as const;

/**
 * Appends AdamW to a graph that has gradients: new parameters and moments become outputs, and `gradient_norm`, the
 * global norm before clipping.
 *
 * @see {@link https://arxiv.org/abs/1711.05101 | Loshchilov and Hutter 2019}, Algorithm 2
 */
export function adamW(
  graph: Graph,
  parameters: readonly Value[],
  gradients: readonly Value[],
  settings: OptimizerSettings,
): void {
  const [learningRate, firstCorrection, secondCorrection] = STEP_INPUTS.map((name) =>
    graph.input(name, "float32", []),
  );
  if (
    learningRate === undefined ||
    firstCorrection === undefined ||
    secondCorrection === undefined
  ) {
    throw new RangeError("Cannot write AdamW without its step inputs");
  }
  const number = (value: number): Value => scalar(graph, "float32", value);
  const norm = graph.op("Sqrt", [
    graph.op(
      "Sum",
      gradients.map((gradient) => squareSum(graph, gradient)),
    ),
  ]);
  graph.output(norm, "gradient_norm");
  const scale = graph.op("Min", [
    graph.op("Div", [number(settings.clipNorm), graph.op("Add", [norm, number(1e-6)])]),
    number(1),
  ]);
  const stepSize = graph.op("Div", [learningRate, firstCorrection]);
  const root = graph.op("Sqrt", [secondCorrection]);

  parameters.forEach((parameter, index) => {
    const raw = gradients[index];
    if (raw === undefined) throw new RangeError(`Cannot step "${parameter.name}" without gradient`);
    const gradient = graph.op("Mul", [raw, scale]);
    const moment = (which: (typeof MOMENTS)[number], beta: number, update: Value): Value => {
      const name = momentName(which, parameter.name);
      const kept = graph.op("Mul", [graph.input(name, "float32", parameter.shape), number(beta)]);
      const next = graph.op("Add", [kept, graph.op("Mul", [update, number(1 - beta)])]);
      graph.output(next, nextName(name));
      return next;
    };
    const first = moment("first", settings.beta1, gradient);
    const second = moment("second", settings.beta2, graph.op("Mul", [gradient, gradient]));
    const divisor = graph.op("Add", [
      graph.op("Div", [graph.op("Sqrt", [second]), root]),
      number(settings.epsilon),
    ]);
    const step = graph.op("Div", [graph.op("Mul", [first, stepSize]), divisor]);
    graph.output(graph.op("Sub", [parameter, step]), nextName(parameter.name));
  });
}

function squareSum(graph: Graph, value: Value): Value {
  const axes = value.shape.map((_, axis) => axis);
  return graph.op("ReduceSum", [graph.op("Mul", [value, value]), int64s(graph, axes)], {
    attributes: { keepdims: 0 },
    shape: [],
  });
}
