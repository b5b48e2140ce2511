import type { Checkpoint } from "@medv/model/checkpoint";
import { linear } from "@medv/model/layers/linear";
import { cast, int64s, scalar } from "@medv/model/onnx/constants";
import type { Graph } from "@medv/model/onnx/graph";
import type { Value } from "@medv/model/onnx/value";
import type { QuantizedFile } from "@medv/model/quantize/quantized_file";
import { openGraph, type Feed } from "../../parity/run_graph.ts";
import { towerGraph } from "./tower_graph.ts";

/** Errors of one linear layer on the same float32 activations, relative to its output: `|y - y32| / |y32|`. */
export type LayerError = {
  readonly name: string;
  /** As it is served. */
  readonly int8: number;
  /** With the same scales per row and channel, but channels as they are. */
  readonly unturned: number;
};

/** Runs the float32 tower, and beside each of its linear layers the same layer in int8. */
export async function layerErrors(
  checkpoint: Checkpoint,
  file: QuantizedFile,
  {
    vocabulary,
    feeds,
  }: { readonly vocabulary: number; readonly feeds: readonly Record<string, Feed>[] },
): Promise<readonly LayerError[]> {
  const tower = towerGraph(checkpoint, file, { vocabulary, precision: "float32" });
  const { graph } = tower;
  const layers = graph.nodes.filter(({ operator }) => operator === "Gemm");
  for (const [index, { inputs, outputs }] of layers.entries()) {
    const [x, weight, bias] = inputs;
    const [y] = outputs;
    if (x === undefined || weight === undefined || y === undefined) continue;
    const [out, width] = weight.shape.map(Number);
    const name = (tower.linear[index] ?? "").replace(/\.weight$/, "");
    const options = { in: width ?? 1, out: out ?? 1, bias: bias !== undefined };
    const served = graph.scope(`beside.${index}`, () =>
      linear(graph, tower.int8, x, name, options),
    );
    const rounded = [eightBits(graph, x), eightBits(graph, weight), ...(bias ? [bias] : [])];
    const unturned = graph.op("Gemm", rounded, { attributes: { transB: 1 } });
    graph.output(squares(graph, y), `reference.${index}`);
    graph.output(squares(graph, graph.op("Sub", [served, y])), `int8.${index}`);
    graph.output(squares(graph, graph.op("Sub", [unturned, y])), `unturned.${index}`);
  }
  const run = await openGraph({ bytes: graph.toBytes(), folder: tower.folder });
  const sums = new Map<string, number>();
  for (const each of feeds) {
    for (const [name, { data }] of Object.entries(await run(each))) {
      sums.set(name, (sums.get(name) ?? 0) + Number(data[0]));
    }
  }
  const share = (index: number, kind: string): number =>
    Math.sqrt((sums.get(`${kind}.${index}`) ?? NaN) / (sums.get(`reference.${index}`) ?? NaN));
  return tower.linear.map((name, index) => ({
    name: name.replace(/^model\.|\.weight$/g, ""),
    int8: share(index, "int8"),
    unturned: share(index, "unturned"),
  }));
}

/** Rounds each row to 255 levels around 0. */
function eightBits(graph: Graph, x: Value): Value {
  const axes = int64s(graph, [1]);
  const largest = graph.op("ReduceMax", [graph.op("Abs", [x]), axes], {
    shape: [x.shape[0] ?? 1, 1],
  });
  const step = scalar(graph, "float32", 1 / 127);
  const zero = graph.constant("zero", "uint8", [], Uint8Array.of(128));
  const integers = graph.op("QuantizeLinear", [graph.op("Div", [x, largest]), step, zero]);
  const centred = graph.op("Sub", [
    cast(graph, integers, "float32"),
    scalar(graph, "float32", 128),
  ]);
  return graph.op("Mul", [graph.op("Mul", [centred, step]), largest]);
}

function squares(graph: Graph, x: Value): Value {
  return graph.op("ReduceSum", [graph.op("Mul", [x, x]), int64s(graph, [0, 1])], {
    attributes: { keepdims: 0 },
    shape: [],
  });
}
