import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataLocation as DataLocation,
  TensorProtoSchema,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "@medv/proto/onnx";
import { attributeProto } from "./attribute_proto.ts";
import { BYTES_PER_ELEMENT, ONNX_DATA_TYPE, type DType } from "./dtype.ts";
import { shapeText, type Shape } from "./shape.ts";
import type { Attributes, GraphNode } from "./node_view.ts";
import { MICROSOFT, OPERATORS, operatorDomain, type OperatorName } from "./spec.ts";
import type { Value } from "./value.ts";
import { valueInfo } from "./value_info.ts";

/** Where the bytes of a weight lie: inside a checkpoint file, never copied into the graph. */
export type ExternalData = {
  /** Path relative to the model's folder. */
  readonly location: string;
  readonly offset: number;
  readonly byteLength: number;
};

export type NodeOptions = {
  readonly attributes?: Attributes;
  /** Bodies of `Loop` and `If`, by attribute name. */
  readonly graphs?: Readonly<Record<string, Graph>>;
  /** Output shape, for operators whose shape is in their data (`Reshape`, `Expand`, `Slice` …). */
  readonly shape?: Shape;
  /** How many outputs are wanted, of operators that can give more than one; 1 unless given. */
  readonly outputs?: number;
  /** Name of the output; defaults to the operator and a number. */
  readonly as?: string;
};

/**
 * Writes an ONNX graph node by node and refuses a wrong node where it is written.
 *
 * Names carry the scope they were written in, so an error, here or in ONNX Runtime, names the layer.
 */
export class Graph {
  readonly #nodes: NodeProto[] = [];
  readonly #written: GraphNode[] = [];
  readonly #initializers = new Map<string, TensorProto>();
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];
  readonly #values: Map<string, Value>;
  readonly #scope: string[];
  readonly #root: Graph;
  /** Around the body of a `Loop`. */
  readonly #outside: Graph | undefined;
  /** Names of what only this graph knows: its inputs and what its nodes give. */
  readonly #own = new Set<string>();

  /**
   * @param parent The graph around a `Loop` or `If` body, whose values the body may use.
   * @param body What runs the graph. What is the same in every iteration of a loop is written before it, as ONNX Runtime
   *   leaves it inside.
   */
  constructor(parent?: Graph, body: "loop" | "branch" = "branch") {
    this.#root = parent === undefined ? this : parent.#root;
    this.#values = parent === undefined ? new Map() : parent.#values;
    this.#scope = parent === undefined ? [] : parent.#scope;
    this.#outside = body === "loop" ? parent : undefined;
  }

  /** Runs `build` with `name` added to the names of everything that it writes. */
  scope<T>(name: string, build: () => T): T {
    this.#scope.push(name);
    try {
      return build();
    } finally {
      this.#scope.pop();
    }
  }

  input(name: string, dtype: DType, shape: Shape): Value {
    const value = this.#define(name, dtype, shape);
    this.#own.add(name);
    this.#inputs.push(valueInfo(value));
    return value;
  }

  /** Marks a value as an output, under the name that it has or a new one. */
  output(value: Value, name = value.name): void {
    const named =
      name === value.name ? value : this.#write("Identity", [value], [value], { as: name }, name);
    this.#outputs.push(valueInfo(named));
  }

  /** A small tensor that is part of the graph's bytes. */
  constant(name: string, dtype: DType, shape: readonly number[], data: ArrayBufferView): Value {
    const expected = shape.reduce((total, dim) => total * dim, BYTES_PER_ELEMENT[dtype]);
    if (data.byteLength !== expected) {
      throw new RangeError(
        `Cannot add constant "${this.#path(name)}" as ${dtype} ${shapeText(shape)} takes ${expected} bytes: current data has ${data.byteLength}`,
      );
    }
    const value = this.#define(this.#unique(this.#path(name)), dtype, shape);
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    this.#root.#initializers.set(
      value.name,
      create(TensorProtoSchema, {
        name: value.name,
        dataType: ONNX_DATA_TYPE[dtype],
        dims: shape.map(BigInt),
        rawData,
      }),
    );
    return value;
  }

  /** A weight that stays in its file; asking again for the same name gives the same value. */
  weight(name: string, dtype: DType, shape: readonly number[], data: ExternalData): Value {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const value = this.#define(name, dtype, shape);
    this.#root.#initializers.set(
      name,
      create(TensorProtoSchema, {
        name,
        dataType: ONNX_DATA_TYPE[dtype],
        dims: shape.map(BigInt),
        dataLocation: DataLocation.EXTERNAL,
        externalData: [
          { key: "location", value: data.location },
          { key: "offset", value: String(data.offset) },
          { key: "length", value: String(data.byteLength) },
        ],
      }),
    );
    return value;
  }

  /** Writes a node with one output. */
  op(name: OperatorName, inputs: readonly (Value | undefined)[], options: NodeOptions = {}): Value {
    const [first] = this.ops(name, inputs, options);
    if (first === undefined) throw new RangeError(`Cannot use ${name} as it has no output`);
    return first;
  }

  /**
   * Writes a node with any number of outputs.
   *
   * @throws {RangeError} If the operator does not take these dtypes or shapes; the text names the scope.
   */
  ops(
    name: OperatorName,
    inputs: readonly (Value | undefined)[],
    options: NodeOptions = {},
  ): readonly Value[] {
    if (this.#outside !== undefined && this.#isInvariant(name, inputs, options)) {
      return this.#outside.ops(name, inputs, options);
    }
    const given = inputs.map((value) =>
      value === undefined ? "none" : `${value.dtype} ${shapeText(value.shape)}`,
    );
    let results: readonly { dtype: DType; shape: Shape }[];
    try {
      results = OPERATORS[name].infer({
        inputs,
        attributes: options.attributes ?? {},
        shape: options.shape,
        outputs: options.outputs ?? 1,
        bodies: Object.fromEntries(
          Object.entries(options.graphs ?? {}).map(([key, graph]) => [key, graph.#outputValues()]),
        ),
      });
    } catch (error) {
      throw new RangeError(
        `Cannot add ${name} to "${this.#path(options.as ?? name)}": ${error instanceof Error ? error.message : String(error)} (inputs: ${given.join(", ")})`,
        { cause: error },
      );
    }
    const base = this.#path(options.as ?? name);
    const outputs = results.map((result, index) =>
      this.#define(
        this.#unique(results.length > 1 ? `${base}.${index}` : base),
        result.dtype,
        result.shape,
      ),
    );
    this.#pushNode(name, inputs, outputs, options, outputs[0]?.name ?? base);
    return outputs;
  }

  /** An `Identity` stays, as it is what a body gives out; so do nested bodies, which may read anything. */
  #isInvariant(
    name: OperatorName,
    inputs: readonly (Value | undefined)[],
    { graphs }: NodeOptions,
  ): boolean {
    return (
      name !== "Identity" &&
      graphs === undefined &&
      inputs.every((value) => value === undefined || !this.#own.has(value.name))
    );
  }

  /** A value by its full name, such as `model.layers.0.self_attn.q_proj`. */
  value(name: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) throw new RangeError(`Cannot find value "${name}" in the graph`);
    return value;
  }

  /** The numbers of an int64 constant. @throws {RangeError} If the value is none. */
  integers(value: Value): readonly number[] {
    const data = this.#root.#initializers.get(value.name)?.rawData;
    if (value.dtype !== "int64" || data === undefined) {
      throw new RangeError(`Cannot read "${value.name}" as it must be an int64 constant`);
    }
    return Array.from(new BigInt64Array(data.slice().buffer), Number);
  }

  /** Every node, in the order written, so that one comes after all that it reads. */
  get nodes(): readonly GraphNode[] {
    return this.#written;
  }

  /** Serialises the graph as an ONNX model (IR 10, opset 21). */
  toBytes(): Uint8Array {
    return toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, {
        irVersion: 10n,
        producerName: "llada-medv",
        graph: this.#toProto("main"),
        opsetImport: [
          { domain: "", version: 21n },
          { domain: MICROSOFT, version: 1n },
        ],
      }),
    );
  }

  #toProto(name: string): GraphProto {
    return create(GraphProtoSchema, {
      name,
      node: this.#nodes,
      initializer: [...this.#initializers.values()],
      input: this.#inputs,
      output: this.#outputs,
    });
  }

  #outputValues(): readonly Value[] {
    return this.#outputs.map((info) => this.value(info.name));
  }

  #write(
    name: OperatorName,
    inputs: readonly Value[],
    results: readonly { dtype: DType; shape: Shape }[],
    options: NodeOptions,
    outputName: string,
  ): Value {
    const [result] = results;
    if (result === undefined) throw new RangeError(`Cannot write ${name} without a result`);
    const value = this.#define(outputName, result.dtype, result.shape);
    this.#pushNode(name, inputs, [value], options, outputName);
    return value;
  }

  #pushNode(
    name: OperatorName,
    inputs: readonly (Value | undefined)[],
    outputs: readonly Value[],
    options: NodeOptions,
    nodeName: string,
  ): void {
    const attribute = Object.entries(options.attributes ?? {}).map(([key, value]) =>
      attributeProto(key, value),
    );
    for (const [key, graph] of Object.entries(options.graphs ?? {})) {
      attribute.push(
        create(AttributeProtoSchema, {
          name: key,
          type: AttributeType.GRAPH,
          g: graph.#toProto(`${nodeName}.${key}`),
        }),
      );
    }
    for (const { name: output } of outputs) this.#own.add(output);
    this.#written.push({
      operator: name,
      inputs,
      outputs,
      attributes: options.attributes ?? {},
    });
    this.#nodes.push(
      create(NodeProtoSchema, {
        name: nodeName,
        opType: name,
        domain: operatorDomain(name),
        input: inputs.map((value) => value?.name ?? ""),
        output: outputs.map((value) => value.name),
        attribute,
      }),
    );
  }

  #define(name: string, dtype: DType, shape: Shape): Value {
    if (this.#values.has(name)) {
      throw new RangeError(`Cannot name a value "${name}" as the graph has one of this name`);
    }
    const value = { name, dtype, shape };
    this.#values.set(name, value);
    return value;
  }

  #path(name: string): string {
    return [...this.#scope, name].join(".");
  }

  #unique(name: string): string {
    if (!this.#values.has(name)) return name;
    for (let number = 1; ; number++) {
      if (!this.#values.has(`${name}_${number}`)) return `${name}_${number}`;
    }
  }
}
