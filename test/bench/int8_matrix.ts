import type { ModelConfig } from "@medv/model/config";
import { Graph } from "@medv/model/onnx/graph";
import { tmpdir } from "node:os";
import { openGraph } from "../parity/run_graph.ts";

const SIDE = 4096;

/** Products whose times say what a device does at best. */
export type MatrixRun = {
  /** Multiplications and additions of one run. */
  readonly operations: number;
  /** Of the weights that it reads. */
  readonly bytes: number;
  /** Milliseconds of one run. */
  readonly run: () => Promise<number>;
};

/** A product of `[rows, 4096]` with `[4096, columns]` in int8, by the operator that the linear layers use. */
export async function int8Matrix(rows: number, columns = SIDE): Promise<MatrixRun> {
  const graph = new Graph();
  const x = graph.input("x", "uint8", [rows, SIDE]);
  const weight = graph.constant(
    "weight",
    "int8",
    [SIDE, columns],
    Int8Array.from({ length: SIDE * columns }, (_, index) => (index % 251) - 125),
  );
  const step = graph.constant("step", "float32", [], Float32Array.of(1 / 127));
  const scale = graph.constant("scale", "float32", [columns], new Float32Array(columns).fill(0.01));
  const zero = graph.constant("zero", "uint8", [], Uint8Array.of(128));
  graph.output(graph.op("MatMulIntegerToFloat", [x, weight, step, scale, zero]), "y");
  const product = await openGraph({ bytes: graph.toBytes(), folder: tmpdir() });
  const data = Uint8Array.from({ length: rows * SIDE }, (_, index) => index % 256);
  const feed = { x: { dtype: "uint8", shape: [rows, SIDE], data } } as const;
  return {
    operations: 2 * rows * SIDE * columns,
    bytes: SIDE * columns,
    run: async () => {
      const startedAt = performance.now();
      await product(feed);
      return performance.now() - startedAt;
    },
  };
}

/** Multiplications and additions of a full forward: linear layers, attention, and the LM head on so many rows. */
export function operations(
  { layers, hiddenSize, intermediateSize, vocabSize }: ModelConfig["language"],
  rows: number,
  headRows: number,
): number {
  const linear = layers * (4 * hiddenSize ** 2 + 3 * hiddenSize * intermediateSize);
  const attention = layers * 2 * rows * hiddenSize;
  return 2 * (rows * (linear + attention) + headRows * hiddenSize * vocabSize);
}

/** Weights that a step reads, whatever its rows: linear layers and the LM head. */
export function weights(config: ModelConfig["language"]): number {
  return operations(config, 1, 1) / 2;
}
