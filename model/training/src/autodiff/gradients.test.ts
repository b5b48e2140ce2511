import { int64s, scalar } from "@medv/model/onnx/constants";
import { Graph } from "@medv/model/onnx/graph";
import type { Value } from "@medv/model/onnx/value";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { gradients } from "./gradients.ts";

type Case = {
  readonly name: string;
  /** Shapes of the float inputs; every one is a parameter. */
  readonly inputs: readonly (readonly number[])[];
  readonly build: (graph: Graph, inputs: readonly Value[]) => Value;
  /** Keeps inputs away from where the function is steep or undefined. */
  readonly positive?: boolean;
};

function unary(
  operator: "Exp" | "Log" | "Sqrt" | "Sigmoid" | "Neg" | "Identity" | "Softmax",
): Case {
  return {
    name: operator,
    inputs: [[3, 4]],
    positive: operator === "Log" || operator === "Sqrt",
    build: (graph, [x]) => graph.op(operator, [x]),
  };
}

function binary(operator: "Add" | "Sub" | "Mul" | "Div", left: number[], right: number[]): Case {
  return {
    name: `${operator} [${left.join(", ")}] and [${right.join(", ")}]`,
    inputs: [left, right],
    positive: operator === "Div",
    build: (graph, inputs) => graph.op(operator, inputs),
  };
}

const CASES: readonly Case[] = [
  unary("Identity"),
  unary("Exp"),
  unary("Log"),
  unary("Sqrt"),
  unary("Sigmoid"),
  unary("Neg"),
  unary("Softmax"),
  binary("Add", [3, 4], [4]),
  binary("Sub", [3, 1], [2, 3, 4]),
  binary("Mul", [2, 3, 4], [3, 1]),
  binary("Div", [3, 4], [1, 4]),
  {
    name: "Sum",
    inputs: [[3, 4], [3, 4], [1]],
    build: (graph, inputs) => graph.op("Sum", inputs),
  },
  {
    name: "Gelu erf",
    inputs: [[3, 4]],
    build: (graph, [x]) => graph.op("Gelu", [x], { attributes: { approximate: "none" } }),
  },
  {
    name: "Gelu tanh",
    inputs: [[3, 4]],
    build: (graph, [x]) => graph.op("Gelu", [x], { attributes: { approximate: "tanh" } }),
  },
  {
    name: "Cast",
    inputs: [[3, 2]],
    build: (graph, [x]) => graph.op("Cast", [x], { attributes: { to: 1 } }),
  },
  {
    name: "Where",
    inputs: [[3, 2], [2]],
    build: (graph, [x, y]) =>
      graph.op("Where", [graph.constant("c", "bool", [3, 1], new Uint8Array([1, 0, 1])), x, y]),
  },
  {
    name: "Gemm",
    inputs: [[5, 3], [4, 3], [4]],
    build: (graph, inputs) => graph.op("Gemm", inputs, { attributes: { transB: 1 } }),
  },
  {
    name: "MatMul with a broadcast side",
    inputs: [
      [2, 3, 4],
      [4, 2],
    ],
    build: (graph, inputs) => graph.op("MatMul", inputs),
  },
  {
    name: "Conv with a rest of unused pixels",
    inputs: [[4, 3, 2, 2], [4]],
    build: (graph, [weight, bias]) => {
      const data = Float32Array.from({ length: 2 * 3 * 5 * 5 }, (_, i) => Math.sin(i));
      return graph.op("Conv", [graph.constant("x", "float32", [2, 3, 5, 5], data), weight, bias], {
        attributes: { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } },
        shape: [2, 4, 2, 2],
      });
    },
  },
  {
    name: "SimplifiedLayerNormalization",
    inputs: [[3, 8], [8]],
    build: (graph, inputs) =>
      graph.op("SimplifiedLayerNormalization", inputs, {
        attributes: { axis: -1, epsilon: { float: 1e-5 }, stash_type: 1 },
      }),
  },
  {
    name: "LayerNormalization",
    inputs: [[3, 8], [8], [8]],
    build: (graph, inputs) =>
      graph.op("LayerNormalization", inputs, {
        attributes: { axis: -1, epsilon: { float: 1e-6 } },
      }),
  },
  {
    name: "RotaryEmbedding",
    inputs: [[1, 3, 8]],
    build: (graph, [x]) => {
      const angles = Float32Array.from({ length: 8 }, (_, i) => i * 0.7);
      return graph.op(
        "RotaryEmbedding",
        [
          x,
          graph.constant("positions", "int64", [1, 3], new BigInt64Array([0n, 3n, 1n])),
          graph.constant("cos", "float32", [4, 2], angles.map(Math.cos)),
          graph.constant("sin", "float32", [4, 2], angles.map(Math.sin)),
        ],
        { attributes: { interleaved: 0, num_heads: 2, scale: { float: 1 } } },
      );
    },
  },
  {
    name: "MultiHeadAttention",
    inputs: [
      [2, 3, 8],
      [2, 4, 8],
      [2, 4, 8],
    ],
    build: (graph, inputs) =>
      graph.op("MultiHeadAttention", inputs, { attributes: { num_heads: 2 } }),
  },
  {
    name: "MultiHeadAttention with a bias",
    inputs: [
      [1, 2, 8],
      [1, 2, 8],
      [1, 2, 8],
    ],
    build: (graph, inputs) => {
      const bias = graph.constant(
        "bias",
        "float32",
        [1, 1, 2, 2],
        new Float32Array([0, -1e9, 0, 0]),
      );
      return graph.op("MultiHeadAttention", [...inputs, undefined, undefined, bias], {
        attributes: { num_heads: 2 },
      });
    },
  },
  {
    name: "Reshape, Transpose and Unsqueeze",
    inputs: [[2, 6]],
    build: (graph, [x]) => {
      const split = graph.op("Reshape", [x, int64s(graph, [2, 3, 2])], { shape: [2, 3, 2] });
      const turned = graph.op("Transpose", [split], { attributes: { perm: { ints: [1, 2, 0] } } });
      return graph.op("Unsqueeze", [turned, int64s(graph, [1])], { shape: [3, 1, 2, 2] });
    },
  },
  {
    name: "Concat",
    inputs: [
      [2, 3],
      [1, 3],
    ],
    build: (graph, inputs) => graph.op("Concat", inputs, { attributes: { axis: 0 } }),
  },
  {
    name: "ReduceSum over the first of two equal axes",
    inputs: [[3, 3]],
    build: (graph, [x]) =>
      graph.op("ReduceSum", [x, int64s(graph, [0])], { attributes: { keepdims: 0 }, shape: [3] }),
  },
  {
    name: "ReduceLogSumExp",
    inputs: [[3, 4]],
    build: (graph, [x]) =>
      graph.op("ReduceLogSumExp", [x, int64s(graph, [-1])], {
        attributes: { keepdims: 0 },
        shape: [3],
      }),
  },
  {
    name: "Gather of rows, one of them twice",
    inputs: [[4, 3]],
    build: (graph, [x]) =>
      graph.op(
        "Gather",
        [x, graph.constant("rows", "int64", [2, 2], new BigInt64Array([1n, 3n, 1n, 0n]))],
        { attributes: { axis: 0 } },
      ),
  },
  {
    name: "GatherElements",
    inputs: [[3, 4]],
    build: (graph, [x]) =>
      graph.op(
        "GatherElements",
        [x, graph.constant("places", "int64", [3, 1], new BigInt64Array([1n, 3n, 1n]))],
        { attributes: { axis: -1 } },
      ),
  },
];

test.each(CASES)("gradients() of $name agree with finite differences", async (each) => {
  const graph = new Graph();
  const inputs = each.inputs.map((shape, index) => graph.input(`in${index}`, "float32", shape));
  const loss = weightedSum(graph, each.build(graph, inputs));
  graph.output(loss, "loss");
  gradients(graph, loss, inputs).forEach((value, index) => graph.output(value, `grad${index}`));
  const session = await InferenceSession.create(graph.toBytes(), { logSeverityLevel: 3 });

  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 48271) >>> 0) % 2147483647;
    return seed / 2147483647;
  };
  const values = each.inputs.map((shape) =>
    Float32Array.from({ length: size(shape) }, () =>
      each.positive === true ? 0.5 + random() : 2 * random() - 1,
    ),
  );
  const run = (): Promise<InferenceSession.OnnxValueMapType> =>
    session.run(
      Object.fromEntries(
        each.inputs.map((shape, i) => [`in${i}`, new Tensor("float32", values[i] ?? [], shape)]),
      ),
    );
  const analytic = await run();
  const step = 1 / 64;
  for (const [input, data] of values.entries()) {
    const gradient = analytic[`grad${input}`]?.data as Float32Array;
    expect(gradient.length).toBe(data.length);
    for (let place = 0; place < data.length; place++) {
      const at = data[place] ?? 0;
      const losses: number[] = [];
      // Fourth-order central difference: single precision leaves no room for a smaller step.
      for (const offset of [-2, -1, 1, 2]) {
        data[place] = at + offset * step;
        losses.push(Number((await run())["loss"]?.data[0]));
      }
      data[place] = at;
      const [a = 0, b = 0, c = 0, d = 0] = losses;
      expect(gradient[place]).toBeCloseTo((a - 8 * b + 8 * c - d) / (12 * step), 2.5);
    }
  }
});

test("gradients() refuses an operator without a rule by its name", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2]);
  const loss = weightedSum(graph, graph.op("Tanh", [x], { as: "layer.tanh" }));
  expect(() => gradients(graph, loss, [x])).toThrow(
    'Cannot differentiate "layer.tanh" as Tanh has no gradient rule',
  );
});

test("gradients() refuses a parameter on which the loss does not depend", () => {
  const graph = new Graph();
  const [x, unused] = [graph.input("x", "float32", [2]), graph.input("unused", "float32", [2])];
  const loss = weightedSum(graph, x);
  expect(() => gradients(graph, loss, [x, unused])).toThrow(
    /in "unused" as it does not depend on it/,
  );
});

/** A sum in which every element has another weight, so that none can hide behind another. */
function weightedSum(graph: Graph, value: Value): Value {
  const shape = value.shape.map(Number);
  const weights = Float32Array.from({ length: size(shape) }, (_, i) => Math.cos(1 + 2 * i));
  const weighted = graph.op("Mul", [value, graph.constant("weights", "float32", shape, weights)]);
  const axes = shape.map((_, axis) => axis);
  const sum = graph.op("ReduceSum", [weighted, int64s(graph, axes)], {
    attributes: { keepdims: 0 },
    shape: [],
  });
  return graph.op("Mul", [sum, scalar(graph, "float32", 1)]);
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}
