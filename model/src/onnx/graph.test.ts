import { expect, test } from "vitest";
import { Graph } from "./graph.ts";

test("op() names the layer, the operator and the shapes of what does not fit", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", ["tokens", 64]);
  const weight = graph.constant("weight", "float32", [8, 32], new Float32Array(256));
  const build = (): unknown =>
    graph.scope("layers.3", () =>
      graph.op("Gemm", [x, weight], { attributes: { transB: 1 }, as: "q_proj" }),
    );
  expect(build).toThrow(
    'Cannot add Gemm to "layers.3.q_proj": "x" has 64 columns but "weight" takes 32 of them (inputs: float32 [tokens, 64], float32 [8, 32])',
  );
});

test.each([
  { what: "dtypes that differ", shape: [4], dtype: "int64" },
  { what: "shapes that do not broadcast", shape: [3], dtype: "float32" },
] as const)("op() refuses $what", ({ shape, dtype }) => {
  const graph = new Graph();
  const left = graph.input("left", "float32", [4]);
  const right = graph.input("right", dtype, shape);
  expect(() => graph.op("Add", [left, right])).toThrow(/Cannot add Add to "Add"/);
});

test("constant() refuses data of another size", () => {
  expect(() => new Graph().constant("c", "float32", [2], new Float32Array(3))).toThrow(
    /float32 \[2\] takes 8 bytes: current data has 12/,
  );
});

function outputs(nodes: Graph["nodes"]): unknown {
  return nodes.flatMap((node) => node.outputs);
}

test("a loop's body holds nothing that is the same in every iteration", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [4]);
  const before = graph.nodes.length;
  const body = new Graph(graph, "loop");
  const carried = body.input("carried", "float32", [4]);
  const squared = body.op("Mul", [x, x]);
  const grown = body.op("Add", [carried, body.op("Neg", [squared])]);
  const branch = new Graph(body);
  const inBranch = branch.op("Neg", [x]);
  const given = body.op("Identity", [squared]);
  expect(outputs(graph.nodes.slice(before))).toEqual([
    squared,
    expect.objectContaining({ name: "Neg" }),
  ]);
  expect(outputs(body.nodes)).toEqual([grown, given]);
  expect(outputs(branch.nodes)).toEqual([inBranch]);
});
