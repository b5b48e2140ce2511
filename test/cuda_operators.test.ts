import { create, fromBinary } from "@bufbuild/protobuf";
import { blockDecoderModel } from "@medv/model/block_decoder";
import { openCheckpoint } from "@medv/model/checkpoint";
import { loadTokenizer } from "@medv/model/tokenizer";
import { visionTowerModel } from "@medv/model/vision_tower";
import { ONNX_DATA_TYPE, type DType } from "@medv/model/onnx/dtype";
import {
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  type GraphProto,
  type NodeProto,
} from "@medv/proto/onnx";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import table from "./cuda_kernels.json" with { type: "json" };

const CHECKPOINT = fileURLToPath(new URL("../model/checkpoints/phantom", import.meta.url));
const KERNELS = new Map<string, readonly (readonly string[])[]>(Object.entries(table.kernels));

test.each(["float32", "float16"] as const)(
  "every operator of the towers and the block decoder has a CUDA kernel for its dtypes in %s",
  async (dtype) => {
    const checkpoint = await openCheckpoint(CHECKPOINT);
    const tokenizer = await loadTokenizer(CHECKPOINT);
    const { eot, mask } = tokenizer.special;
    const decoder = blockDecoderModel(checkpoint, {
      vocabulary: tokenizer.size,
      maskId: mask,
      eotId: eot,
      contextLength: 2048,
      dtype,
    });
    for (const { bytes } of [decoder, visionTowerModel(checkpoint, dtype)]) {
      const { graph } = fromBinary(ModelProtoSchema, bytes);
      if (graph === undefined) throw new RangeError("Cannot find the graph");
      expect(withoutKernel(graph, new Map())).toEqual([]);
    }
  },
);

test("an operator, or a dtype of it, that CUDA has no kernel for is found", () => {
  const node = ["BitwiseXor", "ArgMax"].map((opType) =>
    create(NodeProtoSchema, { opType, input: ["x"], output: [opType], name: opType }),
  );
  const graph = create(GraphProtoSchema, { node });
  expect(withoutKernel(graph, new Map([["x", "int64"]]))).toEqual([
    "BitwiseXor(int64) at BitwiseXor",
    "ArgMax(int64) at ArgMax",
  ]);
});

/** Nodes without a kernel, bodies of `Loop` and `If` among them; adds the dtypes of all values to `dtypes`. */
function withoutKernel(graph: GraphProto, dtypes: Map<string, DType>): readonly string[] {
  const missing: string[] = [];
  for (const { name, dataType } of graph.initializer) dtypes.set(name, dtypeOf(dataType));
  for (const { name, type } of graph.input) {
    if (type?.value.case === "tensorType") dtypes.set(name, dtypeOf(type.value.value.elemType));
  }
  for (const node of graph.node) {
    const bodies = node.attribute.flatMap(({ g }) => (g === undefined ? [] : [g]));
    for (const body of bodies) missing.push(...withoutKernel(body, dtypes));
    const inputs = node.input.map((name) => (name === "" ? undefined : dtypes.get(name)));
    const kernel = KERNELS.get(node.opType);
    const fits = inputs.every((dtype, index) => {
      const allowed = kernel?.[index] ?? kernel?.at(-1);
      return dtype === undefined || allowed?.includes(dtype) === true;
    });
    if (kernel === undefined || !fits) {
      missing.push(`${node.opType}(${inputs.join(", ")}) at ${node.name}`);
    }
    const [body] = bodies;
    node.output.forEach((name, index) => {
      // A loop's body gives its condition first.
      const given = body?.output[node.opType === "Loop" ? index + 1 : index]?.name;
      const dtype = given === undefined ? outputOf(node, inputs) : dtypes.get(given);
      if (dtype !== undefined) dtypes.set(name, dtype);
    });
  }
  return missing;
}

function outputOf(
  { opType, attribute }: NodeProto,
  inputs: readonly (DType | undefined)[],
): DType | undefined {
  switch (opType) {
    case "Cast":
      return dtypeOf(Number(attribute.find(({ name }) => name === "to")?.i));
    case "Equal":
    case "Greater":
    case "GreaterOrEqual":
    case "Less":
    case "LessOrEqual":
      return "bool";
    case "ArgMax":
    case "NonZero":
    case "Shape":
      return "int64";
    case "Where":
      return inputs[1];
    default:
      return inputs[0];
  }
}

function dtypeOf(dataType: number): DType {
  const found = Object.entries(ONNX_DATA_TYPE).find(([, number]) => number === dataType);
  if (found === undefined) throw new RangeError(`Cannot read data type ${dataType}`);
  return found[0] as DType;
}
