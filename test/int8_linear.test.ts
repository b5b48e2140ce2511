import { tmpdir } from "node:os";
import { int8Linear } from "@medv/model/layers/int8_linear";
import { Graph } from "@medv/model/onnx/graph";
import { quantizeRows } from "@medv/model/quantize/quantize_rows";
import { expect, test } from "vitest";
import { openGraph } from "./parity/run_graph.ts";

const [TOKENS, IN, OUT] = [8, 256, 64];

function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

/** One int8 layer over `weight [OUT, IN]`. */
async function layer(weight: Float32Array, bias?: Float32Array) {
  const graph = new Graph();
  const quantized = quantizeRows(weight.slice(), IN);
  const x = graph.input("x", "float32", ["tokens", IN]);
  const int8 = {
    weight: graph.constant("weight", "int8", [IN, OUT], quantized.weight),
    scale: graph.constant("scale", "float32", [OUT], quantized.scale),
  };
  const added = bias && graph.constant("bias", "float32", [OUT], bias);
  graph.output(int8Linear(graph, x, int8, { bias: added, as: "y" }));
  const run = await openGraph({ bytes: graph.toBytes(), folder: tmpdir() });
  return async (data: Float32Array): Promise<Float32Array> => {
    const { y } = await run({ x: { dtype: "float32", shape: [data.length / IN, IN], data } });
    if (!(y?.data instanceof Float32Array)) throw new TypeError("y is missing");
    return y.data;
  };
}

/** `x · weightᵀ` in double precision. */
function product(x: Float32Array, weight: Float32Array): Float64Array {
  return Float64Array.from({ length: (x.length / IN) * OUT }, (_, at) => {
    const [row, out] = [Math.floor(at / OUT), at % OUT];
    let sum = 0;
    for (let k = 0; k < IN; k++) sum += (x[row * IN + k] ?? 0) * (weight[out * IN + k] ?? 0);
    return sum;
  });
}

function error(actual: Float32Array, expected: Float64Array): number {
  const difference = expected.map((value, at) => value - (actual[at] ?? NaN)).reduce(square, 0);
  return Math.sqrt(difference / expected.reduce(square, 0));
}

function square(sum: number, value: number): number {
  return sum + value * value;
}

test("int8Linear() is within 1.5 % of the float product", async () => {
  const [x, weight] = [numbers(TOKENS * IN, 1), numbers(OUT * IN, 2)];
  const run = await layer(weight);
  expect(error(await run(x), product(x, weight))).toBeLessThan(0.015);
});

test("int8Linear() adds a bias and keeps a row of zeros", async () => {
  const bias = numbers(OUT, 3);
  const run = await layer(numbers(OUT * IN, 2), bias);
  expect(await run(new Float32Array(IN))).toEqual(bias);
});

test("int8Linear() keeps its error below 8 % with channels 64 times as large, which the float function does not see", async () => {
  const [x, weight] = [numbers(TOKENS * IN, 1), numbers(OUT * IN, 2)];
  for (const channel of [17, 201]) {
    for (let row = 0; row < TOKENS; row++)
      x[row * IN + channel] = 64 * (x[row * IN + channel] ?? 0);
    for (let out = 0; out < OUT; out++) {
      weight[out * IN + channel] = (weight[out * IN + channel] ?? 0) / 64;
    }
  }
  const run = await layer(weight);
  expect(error(await run(x), product(x, weight))).toBeLessThan(0.08);
});

test("int8Linear() gives a row the same bits whatever stands beside it", async () => {
  const x = numbers(TOKENS * IN, 1);
  const run = await layer(numbers(OUT * IN, 2));
  const alone = await run(x.slice(0, IN));
  x.subarray(IN).forEach((value, at, rest) => (rest[at] = value * 1000));
  expect((await run(x)).slice(0, OUT)).toEqual(alone);
});
