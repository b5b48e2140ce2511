import { Graph } from "@medv/model/onnx/graph";
import { int64s } from "@medv/model/onnx/constants";
import { reduceLast } from "@medv/model/onnx/reduce";
import type { Device } from "@medv/runtime";
import { randomSource } from "@medv/phantoms/random";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { MatrixRun } from "./int8_matrix.ts";

const [SIDE, COLUMNS] = [4096, 8192];
const FLOAT16 = 10;

/**
 * Products of `[rows, 4096]` with `[4096, 8192]` and back in float16, one after the other in one run, of which a number
 * comes out: what a device can do at best. With one row that is reading weights, with thousands it is computing.
 */
export async function deviceMatrix(
  device: Device,
  rows: number,
  pairs: number,
): Promise<MatrixRun> {
  const graph = new Graph();
  const random = randomSource("matrix");
  const half = (name: string, shape: readonly number[]) =>
    graph.op(
      "Cast",
      [
        graph.constant(
          name,
          "float32",
          shape,
          values(shape, () => random.uniform()),
        ),
      ],
      {
        attributes: { to: FLOAT16 },
      },
    );
  const [wide, narrow] = [half("wide", [SIDE, COLUMNS]), half("narrow", [COLUMNS, SIDE])];
  const row = graph.op("Cast", [graph.input("x", "float32", [1, SIDE])], {
    attributes: { to: FLOAT16 },
  });
  let x = graph.op("Expand", [row, int64s(graph, [rows, SIDE])], { shape: [rows, SIDE] });
  for (let pair = 0; pair < pairs; pair++) {
    x = graph.op("MatMul", [graph.op("MatMul", [x, wide]), narrow]);
  }
  graph.output(reduceLast(graph, "ReduceMax", reduceLast(graph, "ReduceMax", x)), "most");
  const session = await InferenceSession.create(graph.toBytes(), {
    executionProviders: [device],
    logSeverityLevel: 3,
  });
  const feed = {
    x: new Tensor(
      "float32",
      values([1, SIDE], () => random.uniform()),
      [1, SIDE],
    ),
  };
  return {
    operations: 4 * pairs * rows * SIDE * COLUMNS,
    bytes: 4 * pairs * SIDE * COLUMNS,
    run: async () => {
      const startedAt = performance.now();
      await session.run(feed);
      return performance.now() - startedAt;
    },
  };
}

/** So large that a vector keeps its length from product to product, which half precision needs. */
function values(shape: readonly number[], uniform: () => number): Float32Array {
  const length = shape.reduce((product, dim) => product * dim, 1);
  return Float32Array.from({ length }, () => (uniform() - 0.5) / 22);
}
