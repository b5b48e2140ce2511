import { int64s } from "@medv/model/onnx/constants";
import type { Graph } from "@medv/model/onnx/graph";
import { sameShape } from "@medv/model/onnx/shape";
import type { Value } from "@medv/model/onnx/value";

/** Undoes broadcasting: adds a gradient up over every axis along which `target` was repeated. */
export function sumTo(graph: Graph, gradient: Value, target: Value): Value {
  if (sameShape(gradient.shape, target.shape)) return gradient;
  const extra = gradient.shape.length - target.shape.length;
  const repeated = gradient.shape.flatMap((dim, axis) =>
    axis < extra || (target.shape[axis - extra] === 1 && dim !== 1) ? [axis] : [],
  );
  const summed =
    repeated.length === 0
      ? gradient
      : graph.op("ReduceSum", [gradient, int64s(graph, repeated)], {
          attributes: { keepdims: 1 },
          shape: gradient.shape.map((dim, axis) => (repeated.includes(axis) ? 1 : dim)),
        });
  return reshapeLike(graph, summed, target);
}

/** The same numbers in the shape of `target`. */
export function reshapeLike(graph: Graph, value: Value, target: Value): Value {
  if (sameShape(value.shape, target.shape)) return value;
  return graph.op("Reshape", [value, graph.op("Shape", [target])], { shape: target.shape });
}

/** Sum over the given axis, kept with length 1. */
export function sumAxis(graph: Graph, value: Value, axis: number): Value {
  return graph.op("ReduceSum", [value, int64s(graph, [axis])], {
    attributes: { keepdims: 1 },
    shape: value.shape.with(axis, 1),
  });
}
