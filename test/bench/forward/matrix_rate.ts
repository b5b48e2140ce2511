import { Graph } from "@medv/model/onnx/graph";
import { tmpdir } from "node:os";
import { openGraph } from "../../parity/run_graph.ts";

const SIDE = 4096;

/** A product of `[rows, 4096]` with `[4096, 4096]` in int8, by the operator that the linear layers use. */
export async function int8Matrix(rows: number): Promise<{
  /** Multiplications and additions of one run. */
  readonly operations: number;
  readonly run: () => Promise<void>;
}> {
  const graph = new Graph();
  const x = graph.input("x", "uint8", [rows, SIDE]);
  const weight = graph.constant(
    "weight",
    "int8",
    [SIDE, SIDE],
    Int8Array.from({ length: SIDE * SIDE }, (_, index) => (index % 251) - 125),
  );
  const step = graph.constant("step", "float32", [], Float32Array.of(1 / 127));
  const scale = graph.constant("scale", "float32", [SIDE], new Float32Array(SIDE).fill(0.01));
  const zero = graph.constant("zero", "uint8", [], Uint8Array.of(128));
  graph.output(graph.op("MatMulIntegerToFloat", [x, weight, step, scale, zero]), "y");
  const product = await openGraph({ bytes: graph.toBytes(), folder: tmpdir() });
  const data = Uint8Array.from({ length: rows * SIDE }, (_, index) => index % 256);
  const feed = { x: { dtype: "uint8", shape: [rows, SIDE], data } } as const;
  return {
    operations: 2 * rows * SIDE * SIDE,
    run: async () => void (await product(feed)),
  };
}
